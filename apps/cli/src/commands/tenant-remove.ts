import { ThroughlineError } from "@throughline/api";
import type { Command } from "commander";
import { createInterface } from "node:readline/promises";
import type { Flags } from "../config.ts";
import type { CommandContext } from "./context.ts";
import { addSettings, printJson, printTable, storeSettings } from "./options.ts";
import { requireBackend, withStorage } from "./storage.ts";
import { withStore } from "./store.ts";

/** `tenant remove`. */
export function addTenantRemoval(tenant: Command, context: CommandContext): void {
  const remove = tenant
    .command("remove")
    .description("remove a tenant with everything that is kept of it, and say how much that was")
    .argument("<id>")
    .option("--traces", "its traces too, in the trace backend of this data directory")
    .option("--yes", "do not ask on a terminal")
    .option("--json", "print JSON");
  addSettings(remove, storeSettings).action((id: string, flags: Flags) => removeOne(id, flags, context));
}

async function removeOne(id: string, flags: Flags, context: CommandContext): Promise<void> {
  const takesTraces = flags["traces"] === true;
  if (takesTraces) requireBackend(flags, context);
  await withStore(flags, context, async (store) => {
    await store.tenants.info(id);
    if (flags["yes"] !== true && process.stdin.isTTY) await confirm(id, takesTraces);
    const { removeTenant } = await import("@throughline/enhancer");
    const removed: Record<string, number> = { ...(await removeTenant(store, id)) };
    if (takesTraces) {
      const erased = await withStorage(flags, context, (storage) => storage.erase({ tenant: id }));
      Object.assign(removed, { traces: erased.traces, spans: erased.spans });
    }
    if (flags["json"] === true) return printJson({ removed: id, counts: removed });
    process.stdout.write(`Tenant ${id} is removed, with\n`);
    printTable(Object.entries(removed).map(([kind, count]) => [`  ${kind}`, String(count)]));
    process.stdout.write("The audit log stays.");
    process.stdout.write(
      takesTraces ? "\n" : ` So do its traces: throughline storage erase --tenant ${id} takes them.\n`,
    );
  });
}

async function confirm(id: string, takesTraces: boolean): Promise<void> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const what = `its history, documents, notes and jobs${takesTraces ? ", and its traces" : ""}`;
    const answer = await terminal.question(
      `This removes the tenant ${id} with ${what}. It cannot be undone. Type its id to go on: `,
    );
    if (answer.trim() !== id) throw new ThroughlineError("TL_USAGE", "Nothing was removed.");
  } finally {
    terminal.close();
  }
}
