import { mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { SpillFile } from "./spill-file.ts";

let directory: string;
let files = 0;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "spill-"));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

function newPath(): string {
  return join(directory, `spill-${files++}`);
}

function body(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

async function drain(file: SpillFile): Promise<string[]> {
  const bodies: string[] = [];
  for (let next = await file.peek(); next !== undefined; next = await file.peek()) {
    bodies.push(new TextDecoder().decode(next.body));
    await file.shift();
  }
  return bodies;
}

const header = 40;
/** Room for three records of ten bytes. */
const roomForThree = header + 3 * (16 + 10);

test("requests come back in the order in which they were put away, also after a restart", async () => {
  const path = newPath();
  const before = SpillFile.open(path, 1_000, "drop_newest");
  for (const text of ["one", "two", "three"])
    expect(await before.append(body(text), 2)).toEqual({ droppedSpans: 0 });
  expect(before.spans).toBe(6);
  await before.peek();
  await before.shift();
  await before.close();

  const after = SpillFile.open(path, 1_000, "drop_newest");
  expect(after.spans).toBe(4);
  expect(await drain(after)).toEqual(["two", "three"]);
  await after.close();
});

test("a request that was looked at stays until it is taken out", async () => {
  const file = SpillFile.open(newPath(), 1_000, "drop_newest");
  await file.append(body("one"), 1);
  expect((await file.peek())?.body).toEqual((await file.peek())?.body);
  expect(await file.shift()).toBe(true);
  expect(await file.shift()).toBe(false);
  expect(await file.peek()).toBeUndefined();
  await file.close();
});

test("a full file refuses what is new", async () => {
  const file = SpillFile.open(newPath(), roomForThree, "drop_newest");
  for (const text of ["0000000000", "1111111111", "2222222222"]) await file.append(body(text), 5);
  expect(await file.append(body("3333333333"), 7)).toEqual({ droppedSpans: 7 });
  expect(await drain(file)).toEqual(["0000000000", "1111111111", "2222222222"]);
  await file.close();
});

test("a full file lets go of the oldest requests", async () => {
  const file = SpillFile.open(newPath(), roomForThree, "drop_oldest");
  for (const text of ["0000000000", "1111111111", "2222222222"]) await file.append(body(text), 5);
  expect(await file.append(body("3333333333"), 7)).toEqual({ droppedSpans: 5 });
  expect(await file.append(body("a body of twenty----"), 1)).toEqual({ droppedSpans: 10 });
  expect(await drain(file)).toEqual(["3333333333", "a body of twenty----"]);
  await file.close();
});

test("a request that had to go while it was being sent does not take the next one with it", async () => {
  const file = SpillFile.open(newPath(), roomForThree, "drop_oldest");
  for (const text of ["0000000000", "1111111111", "2222222222"]) await file.append(body(text), 1);
  await file.peek();
  await file.append(body("3333333333"), 1);
  expect(await file.shift()).toBe(false);
  expect(await drain(file)).toEqual(["1111111111", "2222222222", "3333333333"]);
  await file.close();
});

test("a request larger than the file is refused, and nothing goes for its sake", async () => {
  const file = SpillFile.open(newPath(), roomForThree, "drop_oldest");
  await file.append(body("small"), 1);
  expect(await file.append(new Uint8Array(100), 9)).toEqual({ droppedSpans: 9 });
  expect(await drain(file)).toEqual(["small"]);
  await file.close();
});

test("an emptied file is as long as its header, and only its owner may read it", async () => {
  const path = newPath();
  const file = SpillFile.open(path, 1_000, "drop_newest");
  await file.append(body("one"), 1);
  expect((await stat(path)).size).toBe(file.bytes);
  await drain(file);
  const { size, mode } = await stat(path);
  expect(size).toBe(header);
  expect(mode & 0o777).toBe(0o600);
  expect((await readFile(path)).toString("latin1", 0, 8)).toBe("TLSPILL1");
  await file.close();
});

test("calls that do not wait for each other keep their order", async () => {
  const file = SpillFile.open(newPath(), 10_000, "drop_newest");
  const texts = Array.from({ length: 50 }, (_, at) => `body ${at}`);
  await Promise.all(texts.map((text) => file.append(body(text), 1)));
  expect(await drain(file)).toEqual(texts);
  await file.close();
});

test("a lowered limit holds for what is new, and for the file once it was empty", async () => {
  const path = newPath();
  const large = SpillFile.open(path, 10_000, "drop_newest");
  await large.append(new Uint8Array(5_000), 3);
  await large.close();
  const small = SpillFile.open(path, roomForThree, "drop_newest");
  expect(await small.append(body("x"), 1)).toEqual({ droppedSpans: 1 });
  expect((await small.peek())?.body.length).toBe(5_000);
  await small.shift();
  expect(await small.append(body("0000000000"), 1)).toEqual({ droppedSpans: 0 });
  expect(await drain(small)).toEqual(["0000000000"]);
  await small.close();
});

test("a closed file says so", async () => {
  const file = SpillFile.open(newPath(), 1_000, "drop_newest");
  await file.close();
  await file.close();
  await expect(file.append(body("late"), 1)).rejects.toThrow("is closed");
});
