import { existsSync } from "node:fs";
import { appendFile, mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";
import { setImmediate as turn } from "node:timers/promises";
import { expect, test } from "vitest";
import { copyTraceStore } from "./copy.ts";
import { exampleSpan } from "./example-spans.ts";
import { openStore, store, temporaryDirectory } from "./open-store.ts";

const traceOf = (number: number): string => number.toString(16).padStart(32, "0");

test("a copy of a store that takes, seals and merges meanwhile has what was acknowledged before, once", async () => {
  const directory = await temporaryDirectory();
  const opened = await openStore({ directory, retentionMs: 3_600_000 });
  let stored = 0;
  const more = async (): Promise<void> => {
    stored++;
    const spanId = stored.toString(16).padStart(16, "0");
    await store(opened, exampleSpan({ traceId: traceOf(stored), spanId, name: "work" }));
    if (stored % 2 === 0) opened.heads.seal("now");
    opened.maintain();
  };
  for (let round = 0; round < 12; round++) {
    for (let number = 0; number < 5; number++) await more();
    const acknowledged = stored;
    const to = join(await temporaryDirectory(), "copy");
    await mkdir(to);
    let isCopied = false;
    const copied = copyTraceStore(directory, to).finally(() => (isCopied = true));
    const busy = (async () => {
      for (let number = 0; number < 40; number++) {
        if (isCopied) return;
        await more();
        await turn();
      }
    })();
    const names = await copied;
    await busy;
    expect(new Set(names)).toEqual(new Set(await readdir(to)));
    const copy = await openStore({ directory: to, retentionMs: 3_600_000 });
    const found = await copy.reader.traces(Array.from({ length: acknowledged }, (_, at) => traceOf(at + 1)));
    expect(found.filter((spans) => spans.length !== 1)).toEqual([]);
    expect(found).toHaveLength(acknowledged);
    const [operation] = await copy.reader.operations("shop");
    expect(operation?.name).toBe("work");
    await copy.close();
  }
});

test("a log that was torn by the copy ends at its last whole record", async () => {
  const directory = await temporaryDirectory();
  const opened = await openStore({ directory });
  await store(opened, exampleSpan({ traceId: traceOf(1) }));
  const [log] = (await readdir(directory)).filter((name) => name.endsWith(".wal"));
  const to = await temporaryDirectory();
  await copyTraceStore(directory, to);
  await appendFile(join(to, log ?? ""), Buffer.from([9, 9, 9]));
  const copy = await openStore({ directory: to });
  expect(await copy.reader.traces([traceOf(1)])).toHaveLength(1);
  expect(existsSync(join(directory, "manifest.json"))).toBe(true);
});
