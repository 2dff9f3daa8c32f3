import { copyFileSync, readdirSync, readlinkSync, statSync } from "node:fs";
import { expect, onTestFinished, test } from "vitest";
import { exampleSpan } from "../example-spans.ts";
import { blockPath } from "../manifest.ts";
import { openStore, store, temporaryDirectory } from "../open-store.ts";
import { SegmentSet } from "./segment-set.ts";
import { StoreReader } from "./store-reader.ts";

const blocks = 300;

function openIn(directory: string): number {
  return readdirSync("/proc/self/fd").filter((name) => {
    try {
      return readlinkSync(`/proc/self/fd/${name}`).startsWith(directory);
    } catch {
      // The descriptor of this very listing.
      return false;
    }
  }).length;
}

test.skipIf(process.platform !== "linux")(
  "however many blocks there are, a thread that reads them has a bounded number of files open",
  async () => {
    const made = await temporaryDirectory();
    const opened = await openStore({ directory: made });
    await store(opened, exampleSpan());
    opened.heads.seal("now");
    const [block] = opened.keeper.entries();
    const directory = await temporaryDirectory();
    for (let id = 1; id <= blocks; id++)
      copyFileSync(blockPath(made, block?.id ?? 0), blockPath(directory, id));
    const set = new SegmentSet(directory, (failure) => {
      throw failure;
    });
    onTestFinished(() => set.close());
    const { size } = statSync(blockPath(directory, 1));
    set.update({
      blocks: Array.from({ length: blocks }, (_, at) => ({ id: at + 1, bytes: size })),
      heads: [],
    });
    const reader = new StoreReader(set);
    const { traceId } = exampleSpan();
    for (let round = 0; round < 3; round++) {
      expect(await reader.traces([traceId])).toEqual([[exampleSpan()]]);
      expect(await reader.services()).toEqual(["shop"]);
      expect(openIn(directory)).toBeGreaterThan(0);
      expect(openIn(directory)).toBeLessThanOrEqual(128);
    }
    set.update({ blocks: [], heads: [] });
    expect(openIn(directory)).toBe(0);
  },
);
