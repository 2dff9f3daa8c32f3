import { expect, test } from "vitest";
import { parseRedisAddress } from "./address.ts";

test.each([
  ["redis://localhost", { kind: "single", nodes: [{ host: "localhost", port: 6379 }], db: 0, tls: false }],
  ["redis://10.0.0.1:7000/3", { nodes: [{ host: "10.0.0.1", port: 7000 }], db: 3 }],
  [
    "rediss://user:p%40ss@[::1]:6380",
    { tls: true, username: "user", password: "p@ss", nodes: [{ host: "::1", port: 6380 }] },
  ],
  ["redis://secret@localhost", { username: undefined, password: "secret" }],
  ["redis://:secret@localhost", { username: undefined, password: "secret" }],
  [
    "redis+sentinel://a:26380,b/my%20master/2?sentinelPassword=s3",
    {
      kind: "sentinel",
      nodes: [
        { host: "a", port: 26380 },
        { host: "b", port: 26379 },
      ],
      master: "my master",
      db: 2,
      sentinelPassword: "s3",
    },
  ],
  [
    "rediss+cluster://:pw@a,b:7001",
    {
      kind: "cluster",
      tls: true,
      password: "pw",
      nodes: [
        { host: "a", port: 6379 },
        { host: "b", port: 7001 },
      ],
    },
  ],
])("%s is understood", (text, expected) => {
  expect(parseRedisAddress(text)).toMatchObject(expected);
});

test("what is shown of an address has no secret in it", () => {
  expect(parseRedisAddress("redis+sentinel://me:hush@a,b/main?sentinelPassword=hush").shown).toBe(
    "redis+sentinel://a:26379,b:26379/main",
  );
});

test.each([
  ["http://localhost", "cannot be read"],
  ["redis://a,b", "several hosts"],
  ["redis+sentinel://a", "names no master"],
  ["redis+cluster://a/1", "names a database"],
  ["redis://a/one", "database"],
  ["redis://a:99999", "host"],
  ["redis://user:hush%@a", "percent-encoded"],
  ["redis://user:hush@a?tls=1", "parameter"],
])("%s is refused with what is wrong, and no secret", (text, what) => {
  expect(() => parseRedisAddress(text)).toThrow(what);
  expect(() => parseRedisAddress(text)).not.toThrow("hush");
});
