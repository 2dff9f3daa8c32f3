import { type ChildProcess, fork, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test } from "vitest";
import { exampleSpan } from "../../src/store/example-spans.ts";
import { newStore, temporaryDirectory } from "../../src/store/open-store.ts";
import { randomNumbers, rounds, seed } from "../rounds.ts";

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
  // What it said before it was killed comes before the end of the channel.
  await Promise.all([once(child, "close"), once(child, "disconnect")]);
  return told;
}

async function storedSpans(directory: string): Promise<string[]> {
  const store = await newStore({ directory });
  const [spans = []] = await store.reader.traces([exampleSpan().traceId]);
  await store.close();
  return spans.map((span) => span.spanId);
}

test("every acknowledged span is there, once, after kill -9 at any moment", async () => {
  const random = randomNumbers(seed);
  const all = Array.from({ length: rounds(1_000) }, () => 1 + random(400));
  const work = async (): Promise<void> => {
    for (let until = all.pop(); until !== undefined; until = all.pop()) {
      const directory = await temporaryDirectory();
      // Killed twice: the second start replays what the first left.
      const stored: string[] = [];
      for (const count of [until, 1 + random(60)]) {
        const child = fork(program, [directory], { execArgv: [] });
        const told = await killWhen(child, ({ stored: { length } }) => length === count);
        stored.push(...told.stored);
      }
      const found = await storedSpans(directory);
      expect(new Set(found).size, `seed ${seed}`).toBe(found.length);
      expect(
        stored.filter((id) => !found.includes(id)),
        `seed ${seed}`,
      ).toEqual([]);
      // At most those under way were stored without having been acknowledged.
      expect(found.length - stored.length).toBeLessThanOrEqual(2);
    }
  };
  await Promise.all([work(), work(), work()]);
}, 3_600_000);

test("when the disk takes no more, appends are refused and nothing of them is kept; what was acknowledged stays", async () => {
  const directory = await temporaryDirectory();
  // The shell's limit of a file's size, in 512-byte units.
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
  expect(stored.filter((id) => !found.includes(id))).toEqual([]);
  expect(found.length - stored.length).toBeLessThanOrEqual(1);
});
