import { type ChildProcess, fork, spawn } from "node:child_process";
import { once } from "node:events";
import { readdir, rename } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test } from "vitest";
import { exampleSpan } from "./example-spans.ts";
import { batchOf, MemoryLog, openStore, temporaryDirectory } from "./open-store.ts";

const program = fileURLToPath(new URL("./append-until-killed.ts", import.meta.url));

interface Told {
  stored: string[];
  refused: string[];
}

/** Listens to the process until `enough`, then kills it. */
async function killWhen(child: ChildProcess, enough: (told: Told) => boolean): Promise<Told> {
  onTestFinished(() => void child.kill("SIGKILL"));
  const told: Told = { stored: [], refused: [] };
  child.on("message", (message: { stored?: string; refused?: string }) => {
    if (message.stored !== undefined) told.stored.push(message.stored);
    if (message.refused !== undefined) told.refused.push(message.refused);
    if (enough(told)) child.kill("SIGKILL");
  });
  await once(child, "close");
  return told;
}

async function storedSpans(directory: string): Promise<Set<string>> {
  const store = await openStore({ directory });
  const [spans = []] = await store.reader.traces([exampleSpan().traceId]);
  return new Set(spans.map((span) => span.spanId));
}

test("every acknowledged span is there after kill -9", async () => {
  const directory = await temporaryDirectory();
  const { stored } = await killWhen(
    fork(program, [directory], { execArgv: [] }),
    (told) => told.stored.length === 100,
  );
  const found = await storedSpans(directory);
  expect(stored.filter((id) => !found.has(id))).toEqual([]);
  // At most the one under way was stored without having been acknowledged.
  expect(found.size - stored.length).toBeLessThanOrEqual(1);
});

test("when the disk takes no more, appends are refused and nothing of them is kept; what was acknowledged stays", async () => {
  const directory = await temporaryDirectory();
  // The shell's limit of a file's size, 512-byte units: the 65th KiB of a segment cannot be written.
  const child = spawn(
    "sh",
    ["-c", 'ulimit -f 128; exec "$0" "$@"', process.execPath, program, directory, "30000"],
    {
      stdio: ["ignore", "ignore", "inherit", "ipc"],
    },
  );
  const { stored, refused } = await killWhen(
    child,
    (told) => told.refused.length >= 2 && told.stored.length >= 5,
  );
  expect(refused[0]).toMatch(/write-ahead log cannot be written: EFBIG/);
  const found = await storedSpans(directory);
  expect(stored.filter((id) => !found.has(id))).toEqual([]);
  expect(found.size - stored.length).toBeLessThanOrEqual(1);
});

test("a store whose directory went away refuses, says so in its health, and goes on when it is back", async () => {
  const directory = await temporaryDirectory();
  const log = new MemoryLog();
  const store = await openStore({ directory, limits: { segmentBytes: 1 }, log });
  await store.append(batchOf(exampleSpan({ name: "before" })));
  await rename(directory, `${directory}-away`);
  const during = batchOf(exampleSpan({ name: "during", spanId: "2".repeat(16) }));
  for (let attempt = 0; attempt < 3; attempt++) {
    await expect(store.append(during)).rejects.toMatchObject({ code: "TL_TRACE_BACKEND_FAILED" });
  }
  expect(store.failure()).toContain("ENOENT");
  expect(log.lines.map(({ level }) => level)).toEqual(["error"]);
  await rename(`${directory}-away`, directory);
  await store.append(batchOf(exampleSpan({ name: "after", spanId: "3".repeat(16) })));
  expect(store.failure()).toBeUndefined();
  const [trace = []] = await store.reader.traces([exampleSpan().traceId]);
  expect(trace.map((span) => span.name)).toEqual(["before", "after"]);
  expect((await readdir(directory)).filter((file) => file.endsWith(".wal"))).toHaveLength(2);
});
