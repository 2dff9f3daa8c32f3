import { expect, test } from "vitest";
import { onBehalf, onBehalfValue } from "./on-behalf.ts";

const admin = { id: "1", name: "bridge", scopes: ["admin"], tenant: undefined } as const;
const reader = { id: "2", name: "ada", scopes: ["read"], tenant: "acme" } as const;

test("who asks through another has its own rights and tenant, and is named with it", () => {
  expect(onBehalf(admin, onBehalfValue(reader))).toEqual({
    id: "1",
    name: "ada through bridge",
    scopes: ["read"],
    tenant: "acme",
  });
});

test("somebody who is logged in stays a person, whose role and name count, not a token", () => {
  const ada = onBehalf(admin, onBehalfValue({ ...reader, id: "user:ada" }));
  expect(ada).toMatchObject({ id: "user:ada", name: "ada through bridge" });
});

test("asking through another gives no rights that the other has not", () => {
  const all = onBehalfValue({ ...reader, scopes: ["read", "write", "admin"], tenant: undefined });
  expect(onBehalf({ ...reader, scopes: ["write"] }, all)).toMatchObject({
    scopes: ["read", "write"],
    tenant: "acme",
  });
  expect(onBehalf({ ...reader, scopes: ["ingest"] }, all).scopes).toEqual([]);
  expect(() => onBehalf({ ...reader, tenant: "globex" }, onBehalfValue(reader))).toThrow(/globex/);
});

test("a header that cannot be read is refused, none changes nothing", () => {
  expect(onBehalf(admin, undefined)).toBe(admin);
  for (const header of [
    "{",
    "%",
    "null",
    encodeURIComponent(JSON.stringify({ name: "x", scopes: ["root"] })),
  ])
    expect(() => onBehalf(admin, header)).toThrow(/cannot be read/);
});
