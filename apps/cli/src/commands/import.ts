import { ThroughlineError } from "@throughline/api";
import type { Command } from "commander";
import { type Flags, missingSetting } from "../config.ts";
import { addSettings, printJson, storeSettings, textOf } from "./options.ts";
import { progressBar } from "./progress-bar.ts";
import type { CommandContext } from "./context.ts";
import { withStore } from "./store.ts";

const kinds = {
  history: {
    argument: "<file>",
    description:
      "resolved tickets, CSV or JSONL: ticket_id, subject, description, resolution, resolved_date, priority, tags",
  },
  docs: { argument: "<dir>", description: "a folder of Markdown, text and HTML, cut into sections" },
  inventory: {
    argument: "<file>",
    description:
      "systems, CSV or JSONL: ip, cidr, hostname, asset_tag (one at least), role, client, location",
  },
} as const;
type Kind = keyof typeof kinds;

/** Returns the command that further kinds of import stand under. */
export function addImportCommands(program: Command, context: CommandContext): Command {
  const parent = program
    .command("import")
    .description("what notes are written from; running it again changes nothing");
  for (const kind of Object.keys(kinds) as Kind[]) {
    const { argument, description } = kinds[kind];
    const command = parent
      .command(kind)
      .description(description)
      .argument(argument)
      .option("--tenant <ID>", "whose it is")
      .option("--json", "print JSON");
    if (kind === "docs")
      command.option(
        "--label <LABEL...>",
        "labels of all its documents, for example version:2.1 or permission:staff",
      );
    addSettings(command, storeSettings).action((path: string, flags: Flags) =>
      runImport(kind, path, flags, context),
    );
  }
  return parent;
}

async function runImport(kind: Kind, path: string, flags: Flags, context: CommandContext): Promise<void> {
  const tenant = textOf(flags, "tenant");
  if (tenant === undefined) throw missingSetting("--tenant");
  const { importDocuments, importHistory, importInventory } = await import("@throughline/enhancer/import");
  const run = { history: importHistory, docs: importDocuments, inventory: importInventory }[kind];
  const asJson = flags["json"] === true;
  const labels = flags["label"];
  const progress = progressBar(!asJson && process.stderr.isTTY);
  const bad: { line: string; reason: string }[] = [];
  await withStore(flags, context, async (store) => {
    const result = await run(store.database, tenant, path, {
      onProgress: progress.update,
      ...(Array.isArray(labels) ? { labels: labels.map(String) } : {}),
      onBadRow: (line, reason) => {
        bad.push({ line: String(line), reason });
        progress.clear();
        if (!asJson) process.stderr.write(`${path}: line ${line}: ${reason}, skipped\n`);
      },
    });
    progress.clear();
    if (asJson) printJson({ tenant, kind, ...result, bad });
    else {
      const counts = Object.entries(result).map(([name, count]) => `${String(count)} ${name}`);
      process.stdout.write(`${kind} of ${tenant}: ${counts.join(", ")}\n`);
    }
    if (result.read > 0 && result.skipped === result.read) {
      throw new ThroughlineError("TL_IMPORT_NOTHING", `${path}: all ${result.read} entries are bad.`);
    }
  });
}
