import { readdir, readFile, writeFile, cp } from "node:fs/promises";
import { statSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { SpanRecord } from "../src/model.ts";
import { BlockFile, OpenFiles } from "../src/store/block/block-file.ts";
import { exampleSpan, resourceOf, text } from "../src/store/example-spans.ts";
import { MemoryLog, openStore, store, temporaryDirectory } from "../src/store/open-store.ts";

const big = { rows: 20_000, items: 200_000, bytes: 8_000_000 };
const spans = (service: string, count: number): SpanRecord[] =>
  Array.from({ length: count }, (_, n) =>
    exampleSpan({
      traceId: `${service === "shop" ? "a" : "b"}${String(n % 300).padStart(31, "0")}`,
      spanId: String(n + 1).padStart(16, "0"),
      name: `operation ${n % 7}`,
      resource: resourceOf(service),
      attributes: [text("ticket.id", `T-${n}`)],
      events: [{ timeUnixNano: 1n, name: "seen", attributes: [], droppedAttributesCount: 0 }],
      links: [
        {
          traceId: "c".repeat(32),
          spanId: "d".repeat(16),
          traceState: "",
          attributes: [],
          droppedAttributesCount: 0,
          flags: 0,
        },
      ],
    }),
  );

test("a damaged byte in any part of a block sets the block aside and names it; the rest answers", async () => {
  const directory = await temporaryDirectory();
  const opened = await openStore({ directory, headSize: big });
  await store(opened, ...spans("shop", 9_000));
  opened.heads.seal("now");
  await store(opened, ...spans("desk", 100));
  opened.heads.seal("now");
  await opened.close();
  const [first = ""] = (await readdir(directory)).filter((name) => name.endsWith(".block")).toSorted();
  const path = join(directory, first);
  const bytes = await readFile(path);
  const { directory: parts } = new BlockFile(path, statSync(path).size, new OpenFiles());
  const [page] = parts.pages;
  const places: Record<string, number> = {
    header: 3,
    trailer: bytes.length - 2,
    directory: bytes.length - 40,
    ...Object.fromEntries(
      [
        ...Object.entries(parts.parts),
        ...Object.entries({ packed: page?.packed, noisy: page?.noisy, values: page?.values }),
      ].map(([name, ref]) => [name, (ref?.offset ?? 0) + ((ref?.stored ?? 2) >> 1)]),
    ),
  };
  expect(Object.keys(places)).toHaveLength(12);
  for (const [name, at] of Object.entries(places)) {
    const copy = await temporaryDirectory();
    await cp(directory, copy, { recursive: true });
    const damaged = Buffer.from(bytes);
    damaged[at] = (damaged[at] ?? 0) ^ 0x10;
    await writeFile(join(copy, first), damaged);
    const log = new MemoryLog();
    const broken = await openStore({ directory: copy, headSize: big, log });
    // The check finds it, whatever part it is.
    expect(broken.keeper.check().damaged, name).toMatchObject([{ file: join(copy, first) }]);
    const ids = [...new Set(spans("shop", 300).map(({ traceId }) => traceId))];
    await broken.reader.traces(ids);
    await broken.reader.search({ tags: [{ key: "ticket.id", value: "T-8000" }], limit: 5 });
    await broken.reader.search({
      tags: [{ key: "event", value: "unseen" }],
      where: { not: { attribute: "x", place: "link", test: { is: "exists" } } },
      limit: 5_000,
    });
    await broken.reader.red({ fromMinute: 0, toMinute: 1e9 });
    expect(log.lines, name).toMatchObject([
      { level: "error", fields: { file: `${join(copy, first)}.damaged` } },
    ]);
    expect(await broken.reader.services(), name).toEqual(["desk"]);
    expect((await broken.reader.search({ service: "desk", tags: [], limit: 200 })).traces, name).toHaveLength(
      100,
    );
    await broken.close();
    // It stays aside, and is not missed, after a restart.
    const again = await openStore({ directory: copy, headSize: big });
    expect(again.keeper.damaged()).toEqual([`${join(copy, first)}.damaged`]);
    expect(await again.reader.services()).toEqual(["desk"]);
    await again.close();
  }
}, 60_000);
