import { cpSync } from "node:fs";
import { expect, test } from "vitest";
import { exampleSpan } from "./example-spans.ts";
import { openStore, store, temporaryDirectory } from "./open-store.ts";

const takenAtMs = 1_795_563_582_461;
const traceId = "0af7651916cd43dd8448eb211c80319c";
const minute = Math.floor(1_700_000_000 / 60);
const window = { fromMinute: minute, toMinute: minute + 1 };

test("a directory of the format before is read, searched and merged; what it did not keep is said to be unknown", async () => {
  const directory = await temporaryDirectory();
  cpSync(new URL("../../test/formats/version-2", import.meta.url).pathname, directory, { recursive: true });
  const opened = await openStore({ directory, retentionMs: 3_600_000, nowMs: () => takenAtMs });
  const [spans] = await opened.reader.traces([traceId]);
  expect(spans?.map(({ name }) => name)).toEqual(["order", "reserve"]);
  const untold = { parent: "shop", child: "stock", calls: 1, failed: 0, p50Ns: null, p95Ns: null };
  expect(await opened.reader.edges(window)).toEqual([untold]);
  // Seven more make eight: one block of the present format takes their place.
  for (let number = 1; number < 8; number++) {
    const spanId = String(number).padStart(16, "0");
    await store(opened, exampleSpan({ traceId: traceId.replace(/^0/, String(number)), spanId }));
    opened.heads.seal("now");
  }
  for (let round = 0; round < 4; round++) opened.maintain();
  expect(opened.keeper.entries()).toHaveLength(1);
  expect((await opened.reader.traces([traceId]))[0]).toHaveLength(2);
  const [edge] = await opened.reader.edges(window);
  expect(edge).toMatchObject({ calls: 1, failed: 0 });
  await opened.close();
});
