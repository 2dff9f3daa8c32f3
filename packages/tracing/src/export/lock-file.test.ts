import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { SpillFile } from "./spill-file.ts";

let directory: string;
let path: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "spill-lock-"));
  path = join(directory, "spill");
});
afterAll(() => rm(directory, { recursive: true, force: true }));

const open = () => SpillFile.open(path, 1_000, "drop_newest");

/** Opens the file, says how that went, and stays. */
const holder = `
const { SpillFile } = await import(process.argv[1]);
try {
  SpillFile.open(process.argv[2], 1_000, "drop_newest");
  process.stdout.write("held");
  setInterval(() => {}, 1_000);
} catch (error) {
  process.stdout.write(error.message);
}`;

async function startHolder() {
  const module = pathToFileURL(join(import.meta.dirname, "spill-file.ts")).href;
  const child = spawn(process.execPath, ["--input-type=module", "-e", holder, module, path], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [said] = (await once(child.stdout, "data")) as [Buffer];
  return { child, said: said.toString() };
}

async function end({ child }: Awaited<ReturnType<typeof startHolder>>): Promise<void> {
  if (child.exitCode !== null) return;
  child.kill("SIGKILL");
  await once(child, "close");
}

test("a file that another process holds is refused; when that process was killed, it is taken over", async () => {
  const first = await startHolder();
  expect(first.said).toBe("held");
  expect(open).toThrow(`is held by process ${first.child.pid}: name another file`);
  await end(first);
  const file = open();
  await file.close();
  expect(await readdir(directory)).toEqual(["spill"]);
});

test("of processes that find a lock left behind, one gets the file", async () => {
  await end(await startHolder());
  const all = await Promise.all([startHolder(), startHolder(), startHolder()]);
  expect(all.filter(({ said }) => said === "held")).toHaveLength(1);
  expect(all.filter(({ said }) => said.includes("is held by process"))).toHaveLength(2);
  await Promise.all(all.map(end));
});

test("a second opening in the same process is refused", async () => {
  const file = open();
  expect(open).toThrow("is open in this process already");
  await file.close();
  await open().close();
});

test("a lock of our own id from another life is taken over", async () => {
  await writeFile(`${path}.lock`, `${process.pid} 1`);
  await open().close();
});

test("a lock file that says nothing is taken over", async () => {
  await writeFile(`${path}.lock`, "");
  await open().close();
  await writeFile(`${path}.lock`, "nobody");
  await open().close();
});
