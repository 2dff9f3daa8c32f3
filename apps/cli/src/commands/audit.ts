import { ThroughlineError } from "@throughline/api";
import type { AuditEntry } from "@throughline/enhancer";
import type { Command } from "commander";
import { type Flags, invalidSetting } from "../config.ts";
import { parseDuration } from "../runtime/address.ts";
import type { CommandContext } from "./context.ts";
import { addSettings, printJson, printTable, storeSettings, textOf } from "./options.ts";
import { withStore } from "./store.ts";

/** Who changed what of the tenants, and when. */
export function addAuditCommands(program: Command, context: CommandContext): void {
  const audit = program.command("audit").description("who changed what of the tenants, and when");

  const list = audit
    .command("list")
    .description("changes, newest first")
    .option("--tenant <ID>", "of this tenant only")
    .option("--since <TIME>", "not older: a duration such as 7d, or a date")
    .option("--limit <N>", "at most so many", "100")
    .option("--json", "print JSON");
  addSettings(list, storeSettings).action(async (flags: Flags) => {
    const limit = Number(flags["limit"]);
    if (!Number.isInteger(limit) || limit < 1 || limit > 10_000)
      throw invalidSetting("--limit", String(flags["limit"]), "expected 1 to 10000");
    const filter = { tenantId: textOf(flags, "tenant"), since: sinceOf(textOf(flags, "since")), limit };
    await withStore(flags, context, async (store) => {
      const { listAudit } = await import("@throughline/enhancer");
      const entries = (await listAudit(store.database, filter)).map(shown);
      if (flags["json"] === true) printJson({ entries });
      else printTable([["WHEN", "WHO", "WHAT", "TENANT", "CHANGES"], ...entries.map(row)]);
    });
  });

  const verify = audit
    .command("verify")
    .description("check that no entry was changed or taken out; compare the head with one noted earlier")
    .option("--json", "print JSON");
  addSettings(verify, storeSettings).action((flags: Flags) =>
    withStore(flags, context, async (store) => {
      const { verifyAudit } = await import("@throughline/enhancer");
      const result = await verifyAudit(store.database);
      if (flags["json"] === true) printJson(result);
      if (result.brokenAt !== null)
        throw new ThroughlineError("TL_AUDIT_BROKEN", `Entry ${result.brokenAt} is missing or was changed.`);
      if (flags["json"] !== true)
        process.stdout.write(`${result.entries} entries, none changed; head ${result.head}\n`);
    }),
  );
}

function sinceOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const ago = parseDuration(text);
  const since = ago === undefined ? Date.parse(text) : Date.now() - ago;
  if (Number.isNaN(since)) throw invalidSetting("--since", text, "expected a duration such as 7d, or a date");
  return since;
}

function shown({ at, ...entry }: AuditEntry) {
  return { ...entry, at: new Date(at).toISOString() };
}

function row({ at, actor, action, tenantId, changes }: ReturnType<typeof shown>): string[] {
  const values = (change: (typeof changes)[number]) =>
    "old" in change || "new" in change
      ? ` ${JSON.stringify(change.old) ?? ""} -> ${JSON.stringify(change.new) ?? ""}`
      : "";
  return [
    at,
    actor,
    action,
    tenantId ?? "-",
    changes.map((change) => change.field + values(change)).join("; "),
  ];
}
