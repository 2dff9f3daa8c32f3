import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { TokenStore } from "./tokens.ts";

async function newDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), "throughline-tokens-"));
  onTestFinished(() => rm(directory, { recursive: true }));
  return directory;
}

test("a token is known by its whole text until it expires or is revoked, in other processes within a second", async () => {
  const directory = await newDirectory();
  let now = 1_700_000_000_000;
  const running = new TokenStore(directory, () => now);
  const command = new TokenStore(directory, () => now);
  expect(await running.authenticate("tl_000000000000_" + "a".repeat(43))).toBeUndefined();
  const expiresAt = new Date(now + 60_000).toISOString();
  const made = await command.add({ name: "shop", scopes: ["ingest"], expiresAt });
  now += 1_000;
  expect(await running.authenticate(made.token)).toMatchObject({
    name: "shop",
    scopes: ["ingest"],
    tenant: null,
  });
  const other = `${made.token.slice(0, -1)}${made.token.endsWith("A") ? "B" : "A"}`;
  for (const wrong of [other, made.id, `tl_${made.id}_`, ""])
    expect(await running.authenticate(wrong)).toBeUndefined();
  now += 60_000;
  expect(await running.authenticate(made.token)).toBeUndefined();
  const second = await command.add({ name: "shop", scopes: ["read", "write"], expiresAt: null });
  now += 1_000;
  expect(await running.authenticate(second.token)).toBeDefined();
  expect(command.revoke(second.id)).toBe(true);
  expect(command.revoke(second.id)).toBe(false);
  now += 1_000;
  expect(await running.authenticate(second.token)).toBeUndefined();
});

test("the file is its owner's alone and holds no token", async () => {
  const directory = await newDirectory();
  const store = new TokenStore(directory);
  const { token } = await store.add({ name: "shop", scopes: ["read"], expiresAt: null });
  const file = join(directory, "tokens.json");
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  expect(await readFile(file, "utf8")).not.toContain(token.split("_")[2]);
  await writeFile(file, "{");
  expect(() => new TokenStore(directory).list()).toThrow("no list of tokens");
});

test("a token keeps its tenant and its limits; a file from before either is read", async () => {
  const directory = await newDirectory();
  const store = new TokenStore(directory);
  const bound = {
    name: "acme",
    scopes: ["ingest" as const],
    expiresAt: null,
    tenant: "acme",
    spansPerSecond: 50,
  };
  const { token } = await store.add(bound);
  expect(await new TokenStore(directory).authenticate(token)).toMatchObject({
    ...bound,
    bytesPerSecond: null,
  });
  const file = join(directory, "tokens.json");
  const { tokens } = JSON.parse(await readFile(file, "utf8")) as { tokens: Record<string, unknown>[] };
  const old = tokens.map(
    ({ tenant: _tenant, spansPerSecond: _spans, bytesPerSecond: _bytes, ...rest }) => rest,
  );
  await writeFile(file, JSON.stringify({ version: 1, tokens: old }));
  expect(new TokenStore(directory).list()).toMatchObject([{ tenant: null, spansPerSecond: null }]);
});
