import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { SpillFile, SpillFileError } from "./spill-file.ts";

let directory: string;
let path: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "spill-recovery-"));
  path = join(directory, "spill");
});
afterAll(() => rm(directory, { recursive: true, force: true }));

const texts = ["first", "second request", "third"];

/** A file with three requests of 1, 2 and 3 spans. */
async function written(): Promise<Buffer> {
  await rm(path, { force: true });
  const file = SpillFile.open(path, 10_000, "drop_newest");
  for (const [at, text] of texts.entries()) await file.append(Buffer.from(text), at + 1);
  await file.close();
  return readFile(path);
}

/** What can be read of a file's bytes: the requests, and how many spans are lost. */
async function readBack(bytes: Buffer): Promise<{ bodies: string[]; spans: number; damaged: number }> {
  await writeFile(path, bytes);
  const file = SpillFile.open(path, 10_000, "drop_newest");
  const bodies: string[] = [];
  let spans = 0;
  for (let next = await file.peek(); next !== undefined; next = await file.peek()) {
    bodies.push(Buffer.from(next.body).toString());
    spans += next.spans;
    await file.shift();
  }
  await file.close();
  return { bodies, spans, damaged: file.damagedSpans };
}

test("a file that was cut at any byte gives back the requests that are whole, and counts the others' spans", async () => {
  const whole = await written();
  for (let length = 0; length <= whole.length; length++) {
    const { bodies, spans, damaged } = await readBack(whole.subarray(0, length));
    expect(bodies).toEqual(texts.slice(0, bodies.length));
    expect(spans + damaged, `cut at ${length}`).toBe(length < 40 ? 0 : 6);
  }
});

test("a byte that changed costs the request in which it lies; one in its head, those behind it too", async () => {
  const whole = await written();
  for (let at = 40; at < whole.length; at++) {
    const changed = Buffer.from(whole);
    changed[at] = (changed[at] ?? 0) ^ 0x10;
    const { bodies, spans, damaged } = await readBack(changed);
    expect(bodies).toEqual(texts.filter((text) => bodies.includes(text)));
    expect(bodies.length).toBeLessThan(3);
    expect(spans + damaged, `changed at ${at}`).toBe(6);
  }
  const inTheFirstBody = Buffer.from(whole);
  inTheFirstBody[40 + 16] = 0;
  expect(await readBack(inTheFirstBody)).toEqual({
    bodies: ["second request", "third"],
    spans: 5,
    damaged: 1,
  });
});

test("bytes behind the last request that was finished are nobody's", async () => {
  const whole = await written();
  const { bodies, damaged } = await readBack(Buffer.concat([whole, Buffer.from("half a rec")]));
  expect(bodies).toEqual(texts);
  expect(damaged).toBe(0);
});

const writer = `
const { SpillFile } = await import(process.argv[1]);
const file = SpillFile.open(process.argv[2], 20_000, "drop_oldest");
for (let count = Number(process.argv[3]); ; count++) {
  await file.append(Buffer.alloc(700, String(count).padStart(10, "0")), 1);
  process.stdout.write(count + "\\n");
}`;

test("a process that is killed while it writes leaves a file that reads back without a gap", async () => {
  await rm(path, { force: true });
  const module = pathToFileURL(join(import.meta.dirname, "spill-file.ts")).href;
  let next = 0;
  for (let round = 0; round < 5; round++) {
    const child = spawn(process.execPath, ["--input-type=module", "-e", writer, module, path, String(next)], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    let said = "";
    child.stdout.on("data", (chunk: Buffer) => {
      said += chunk.toString();
      if (said.split("\n").length > 40 + round * 7) child.kill("SIGKILL");
    });
    await once(child, "close");
    const lastTold = Number(said.trimEnd().split("\n").at(-1));

    const file = SpillFile.open(path, 20_000, "drop_oldest");
    expect(file.damagedSpans).toBe(0);
    const found: number[] = [];
    for (let entry = await file.peek(); entry !== undefined; entry = await file.peek()) {
      found.push(Number(Buffer.from(entry.body).toString("latin1", 0, 10)));
      await file.shift();
    }
    expect(file.damagedSpans).toBe(0);
    await file.close();
    const first = found[0] ?? -1;
    expect(found).toEqual(found.map((_, at) => first + at));
    expect(found.at(-1)).toBeGreaterThanOrEqual(lastTold);
    next = lastTold + 1;
  }
});

test("a file of another kind, version or place is refused, with what to do", async () => {
  const open = () => SpillFile.open(path, 10_000, "drop_newest");
  await writeFile(path, "a diary of great value, and longer than a header");
  expect(open).toThrow(SpillFileError);
  expect(open).toThrow("is something else: name another file");
  expect(await readFile(path, "utf8")).toContain("great value");

  const whole = await written();
  const newer = Buffer.from(whole);
  newer.write("2", 7);
  await writeFile(path, newer);
  expect(open).toThrow('is of version "2", this program reads 1');

  const damaged = Buffer.from(whole);
  damaged[30] = 0xff;
  await writeFile(path, damaged);
  expect(open).toThrow("has a damaged header: move it away");

  expect(() => SpillFile.open(join(directory, "none", "spill"), 10_000, "drop_newest")).toThrow(
    "stands in a directory that does not exist",
  );
  expect(() => SpillFile.open(directory, 10_000, "drop_newest")).toThrow("cannot be opened: Error: EISDIR");
  expect(() => SpillFile.open(path, 40, "drop_newest")).toThrow("cannot hold anything in 40 bytes");

  // What was refused is not locked either.
  await writeFile(path, whole);
  await open().close();
});
