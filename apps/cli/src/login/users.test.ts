import { mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { SessionStore } from "./sessions.ts";
import { UserStore } from "./users.ts";

async function newDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), "throughline-users-"));
  onTestFinished(() => rm(directory, { recursive: true }));
  return directory;
}

const password = "correct horse battery staple";
const viewer = { name: "Ada", role: "viewer", tenant: null } as const;

test("a user is known by name and password, whatever the name's case, until removed", async () => {
  const directory = await newDirectory();
  const users = new UserStore(directory);
  expect(users.isEmpty()).toBe(true);
  await users.add(viewer, password);
  expect(await users.authenticate("ada", password)).toMatchObject(viewer);
  for (const [name, wrong] of [
    ["ada", "correct horse battery"],
    ["ada", ""],
    ["bob", password],
    ["", ""],
  ] as const)
    expect(await users.authenticate(name, wrong)).toBeUndefined();
  await expect(users.add({ ...viewer, name: "ADA" }, password)).rejects.toThrow("There is a user ADA");
  users.remove("ADA");
  expect(await users.authenticate("ada", password)).toBeUndefined();
  expect(() => users.remove("ada")).toThrow("no user ada");
});

test("the files are their owner's alone and hold neither password nor cookie", async () => {
  const directory = await newDirectory();
  const users = new UserStore(directory);
  await users.add(viewer, password);
  const { cookie } = new SessionStore(directory).start(
    { way: "password", ...viewer, address: "127.0.0.1", userAgent: "test" },
    1_000,
  );
  for (const name of ["users.json", "sessions.json"]) {
    const file = join(directory, name);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    const text = await readFile(file, "utf8");
    expect(text).not.toContain(password);
    expect(text).not.toContain(cookie);
  }
});

test("names and passwords that cannot be used are refused with the reason", async () => {
  const users = new UserStore(await newDirectory());
  await expect(users.add({ ...viewer, name: "a b" }, password)).rejects.toThrow("is no name");
  await expect(users.add(viewer, "short")).rejects.toThrow("12 to 1024 characters");
  await expect(users.setPassword("nobody", password)).rejects.toThrow("no user nobody");
});

test("a session is known in other processes, ends by itself and by its id, and outlives a restart", async () => {
  const directory = await newDirectory();
  let now = 1_700_000_000_000;
  const sessions = new SessionStore(directory, () => now);
  const who = {
    way: "oidc",
    name: "ada",
    role: "admin",
    tenant: null,
    address: "::1",
    userAgent: "x",
  } as const;
  const first = sessions.start(who, 60_000);
  const second = sessions.start(who, 120_000);
  const restarted = new SessionStore(directory, () => now);
  expect(restarted.find(first.cookie)).toMatchObject({ id: first.id, name: "ada" });
  expect(restarted.find("x".repeat(43))).toBeUndefined();
  now += 60_000;
  expect(restarted.find(first.cookie)).toBeUndefined();
  expect(restarted.list().map(({ id }) => id)).toEqual([second.id]);
  expect(restarted.end(({ id }) => id === second.id)).toBe(1);
  now += 1_000;
  expect(sessions.find(second.cookie)).toBeUndefined();
});
