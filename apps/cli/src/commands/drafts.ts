import type { EnhancementView } from "@throughline/api";
import type { EnhancerStore } from "@throughline/enhancer";
import type { Command } from "commander";
import type { Flags } from "../config.ts";
import type { CommandContext } from "./context.ts";
import { addSettings, printJson, printTable, settingsOf, storeSettings, textOf } from "./options.ts";
import { operatorOf } from "./operator.ts";
import { withStore } from "./store.ts";

const listed = 1_000;

/** Drafts of tenants whose mode is `draft`, and the switch that stops all notes. */
export function addDraftCommands(program: Command, context: CommandContext): void {
  const drafts = program.command("drafts").description("notes that wait for approval");
  addSettings(
    drafts
      .command("list")
      .description("those that wait, newest first")
      .option("--tenant <ID>", "of this tenant only")
      .option("--json", "print JSON"),
    storeSettings,
  ).action((flags: Flags) =>
    withStore(flags, context, async (store) => {
      const { enhancementViewOf } = await import("@throughline/enhancer");
      const tenantId = textOf(flags, "tenant");
      const rows = await store.records.list({ tenantId, delivery: "draft", limit: listed });
      const found = rows.map(enhancementViewOf);
      if (flags["json"] === true) printJson({ drafts: found });
      else printTable([["DRAFT", "TENANT", "TICKET", "WRITTEN", "STATUS"], ...found.map(lineOf)]);
    }),
  );
  one("show", "one draft: its note, its sources", async (store, id, flags) => {
    const { enhancementDetailOf } = await import("@throughline/enhancer");
    return enhancementDetailOf(store, id, settingsOf(flags, context).publicUrl);
  });
  one("approve", "write it on its ticket", async (store, id, flags) => {
    const { draftsOf, enhancementViewOf } = await import("@throughline/enhancer");
    const ready = draftsOf(store, settingsOf(flags, context).publicUrl);
    const { operations, by } = await operatorOf(store);
    return enhancementViewOf(await operations.approve(ready, id, by));
  });
  one("discard", "drop it", async (store, id) => {
    const { draftsOf, enhancementViewOf } = await import("@throughline/enhancer");
    const { operations, by } = await operatorOf(store);
    return enhancementViewOf(await operations.discardDraft(draftsOf(store, undefined), id, by));
  });

  const notes = program.command("notes").description("the switch that stops all notes");
  for (const [name, description] of [
    ["on", "write notes again"],
    ["off", "write no notes any more: counts at once in all workers"],
    ["status", "whether notes are written"],
  ] as const) {
    addSettings(
      notes.command(name).description(description).option("--json", "print JSON"),
      storeSettings,
    ).action((flags: Flags) =>
      withStore(flags, context, async (store) => {
        if (name !== "status") {
          const { operations, by } = await operatorOf(store);
          await operations.switchNotes(name === "on", by);
        }
        const on = await store.noteSwitch.isOn();
        if (flags["json"] === true) printJson({ on });
        else process.stdout.write(`Notes are ${on ? "on" : "off"}.\n`);
      }),
    );
  }

  function one(
    name: string,
    description: string,
    work: (store: EnhancerStore, id: string, flags: Flags) => Promise<object>,
  ) {
    const command = drafts
      .command(name)
      .description(description)
      .argument("<id>")
      .option("--json", "print JSON");
    addSettings(command, [...storeSettings, "publicUrl"]).action((id: string, flags: Flags) =>
      withStore(flags, context, async (store) => {
        const result = await work(store, id, flags);
        if (flags["json"] === true) printJson(result);
        else printTable(Object.entries(result).map(([key, value]) => [key, shown(value)]));
      }),
    );
  }
}

function lineOf({ id, tenantId, ticketId, createdAt, status }: EnhancementView): string[] {
  return [id, tenantId, ticketId, createdAt, status];
}

function shown(value: unknown): string {
  return typeof value === "object" && value !== null ? JSON.stringify(value) : String(value);
}
