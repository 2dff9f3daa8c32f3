import type { TokenScope } from "../runtime/tokens.ts";
import { tenantName } from "../runtime/tokens.ts";

/** What people may: look; act on jobs, drafts and traces too; everything. */
export const roles = ["viewer", "operator", "admin"] as const;
export type Role = (typeof roles)[number];

/** As tokens have them. */
export const scopesOfRole: Readonly<Record<Role, readonly TokenScope[]>> = {
  viewer: ["read"],
  operator: ["read", "write"],
  admin: ["admin"],
};

/** What somebody is let in as. */
export interface Rights {
  role: Role;
  /** What of all they see; null: everything. */
  tenant: string | null;
}

/** Which group of an identity provider is let in as what; `*` stands for everybody whom it knows. */
export type RoleRule = Rights & { group: string };

/** Parses `admin=it-admins,viewer@acme=acme-desk,viewer=*`; undefined where it is not of this form. */
export function parseRoleRules(text: string): readonly RoleRule[] | undefined {
  const rules = text.split(",").map((part): RoleRule | undefined => {
    const [, name, tenant, group] = /^\s*(\w+)(?:@([^=]+))?=(.*\S)\s*$/.exec(part) ?? [];
    const role = roles.find((one) => one === name);
    if (role === undefined || group === undefined) return undefined;
    if (tenant !== undefined && !tenantName.test(tenant)) return undefined;
    return { role, tenant: tenant ?? null, group };
  });
  return rules.every((rule) => rule !== undefined) ? rules : undefined;
}

/** The first rule that names a group of theirs; undefined where none does. */
export function rightsOf(groups: readonly string[], rules: readonly RoleRule[]): Rights | undefined {
  const rule = rules.find(({ group }) => group === "*" || groups.includes(group));
  return rule === undefined ? undefined : { role: rule.role, tenant: rule.tenant };
}
