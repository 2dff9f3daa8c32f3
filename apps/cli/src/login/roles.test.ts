import { expect, test } from "vitest";
import { parseRoleRules, rightsOf } from "./roles.ts";

test("the first rule that names a group of somebody says what they may", () => {
  const rules = parseRoleRules("admin=it-admins, viewer@acme=acme desk,operator@acme=CN=ops,viewer=*");
  expect(rules).toEqual([
    { role: "admin", tenant: null, group: "it-admins" },
    { role: "viewer", tenant: "acme", group: "acme desk" },
    { role: "operator", tenant: "acme", group: "CN=ops" },
    { role: "viewer", tenant: null, group: "*" },
  ]);
  expect(rightsOf(["acme desk", "it-admins"], rules ?? [])).toEqual({ role: "admin", tenant: null });
  expect(rightsOf(["CN=ops"], rules ?? [])).toEqual({ role: "operator", tenant: "acme" });
  expect(rightsOf([], rules ?? [])).toEqual({ role: "viewer", tenant: null });
  expect(rightsOf(["others"], rules?.slice(0, 3) ?? [])).toBeUndefined();
});

test("rules of another form are none", () => {
  for (const text of ["", "root=x", "admin", "admin=", "viewer@=x", "viewer@a b=x", "admin=a,,viewer=b"])
    expect(parseRoleRules(text), text).toBeUndefined();
});
