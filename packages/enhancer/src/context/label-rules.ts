import type { LabelRules } from "./search/requests.ts";

/** The part of a tenant's settings that says which documents may be quoted. */
interface DocumentSettings {
  permissions: readonly string[];
  groupPermissions: Readonly<Record<string, readonly string[]>>;
  versions: readonly string[];
  exclude: readonly string[];
}

/** What holds for a ticket: the tenant's permissions, and those of the ticket's group, compared without case. */
export function labelRules(settings: DocumentSettings, group: string | undefined): LabelRules {
  const ofGroup = Object.entries(settings.groupPermissions)
    .filter(([name]) => name.toLowerCase() === group?.toLowerCase())
    .flatMap(([, permissions]) => permissions);
  return {
    permissions: [...new Set([...settings.permissions, ...ofGroup])].sort(),
    versions: settings.versions,
    exclude: settings.exclude,
  };
}
