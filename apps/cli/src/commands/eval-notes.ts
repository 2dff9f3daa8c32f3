import { ThroughlineError } from "@throughline/api";
import type { Comparison, NoteFigures } from "@throughline/enhancer";
import type { Command } from "commander";
import { readFileSync } from "node:fs";
import {
  type Flags,
  invalidSetting,
  missingSetting,
  readModelSettings,
  readPriceFile,
  readRedactionRules,
} from "../config.ts";
import { redactorOf } from "../runtime/redaction.ts";
import type { CommandContext } from "./context.ts";
import { addSettings, printJson, printTable, settingsOf, storeSettings, textOf } from "./options.ts";
import { withStore } from "./store.ts";

/** `eval notes`: stored tickets through a changed prompt or model, beside what was written then. */
export function addEvalNotes(parent: Command, context: CommandContext): void {
  const command = parent
    .command("notes")
    .description("write stored notes again, from the same input and sources, and compare")
    .option("--tenant <ID>", "whose")
    .option("--limit <N>", "the newest so many", "50")
    .option("--prompt <FILE>", "other instructions for the model; {language} is replaced")
    .option("--model <NAME>", "another model than OPENAI_MODEL")
    .option("--base-url <URL>", "another server than OPENAI_BASE_URL")
    .option("--json", "print JSON");
  addSettings(command, [...storeSettings, "prices", "redactionRules"]).action((flags: Flags) =>
    withStore(flags, context, async (store) => {
      const tenantId = textOf(flags, "tenant");
      if (tenantId === undefined) throw missingSetting("--tenant");
      const limit = Number(flags["limit"]);
      if (!Number.isInteger(limit) || limit < 1 || limit > 10_000)
        throw invalidSetting("--limit", String(flags["limit"]), "expected 1 to 10000");
      await store.tenants.get(tenantId);
      const settings = settingsOf(flags, context);
      const { evaluateNotes } = await import("@throughline/enhancer");
      const { comparisons, promptVersion } = await evaluateNotes(store, {
        tenantId,
        limit,
        models: modelsOf(flags, context),
        prices: readPriceFile(settings),
        redactor: redactorOf(readRedactionRules(settings, context.environment)),
        instructions: instructionsOf(flags),
      });
      const summary = { before: summaryOf(comparisons, "before"), after: summaryOf(comparisons, "after") };
      const agreement = mean(comparisons.map((one) => one.agreement));
      if (flags["json"] === true)
        printJson({ tenant: tenantId, promptVersion, summary, agreement, comparisons });
      else {
        const rows = Object.keys(summary.before).map((key) => {
          const name = key as keyof Summary;
          return [key, shown(summary.before[name]), shown(summary.after[name])];
        });
        printTable([["", "BEFORE", "AFTER"], ...rows]);
        process.stdout.write(`The same sources are cited: ${shown(agreement)} (1 = always).\n`);
      }
    }),
  );
}

function modelsOf(flags: Flags, { environment }: CommandContext) {
  const given = {
    OPENAI_MODEL: textOf(flags, "model"),
    OPENAI_BASE_URL: textOf(flags, "baseUrl"),
  };
  const changed = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  return readModelSettings({ ...environment, ...changed });
}

function instructionsOf(flags: Flags): string | undefined {
  const file = textOf(flags, "prompt");
  if (file === undefined) return undefined;
  let text: string;
  try {
    text = readFileSync(file, "utf8").trim();
  } catch (cause) {
    throw new ThroughlineError("TL_FILE_UNREADABLE", `--prompt is "${file}": it cannot be read.`, { cause });
  }
  if (text === "") throw invalidSetting("--prompt", file, "expected a file with instructions");
  return text;
}

interface Summary {
  notes: number;
  /** Share that a model wrote. */
  byModel: number | null;
  claims: number | null;
  claimsRemoved: number | null;
  citedSources: number | null;
  words: number | null;
  tokens: number | null;
  costUsd: number | null;
  ms: number | null;
}

/** Means over all notes; what is not known of any is null. */
function summaryOf(comparisons: readonly Comparison[], side: "before" | "after"): Summary {
  const figures = comparisons.map((one) => one[side]);
  const meanOf = (read: (one: NoteFigures) => number | null) =>
    mean(figures.map(read).filter((value) => value !== null));
  return {
    notes: figures.length,
    byModel: meanOf(({ writer }) => (writer === "model" ? 1 : 0)),
    claims: meanOf(({ claims }) => claims),
    claimsRemoved: meanOf(({ claimsRemoved }) => claimsRemoved),
    citedSources: meanOf(({ cited }) => cited.length),
    words: meanOf(({ words }) => words),
    tokens: meanOf(({ tokens }) => tokens),
    costUsd: meanOf(({ costUsd }) => costUsd),
    ms: meanOf(({ ms }) => ms),
  };
}

function mean(values: readonly number[]): number | null {
  return values.length === 0 ? null : values.reduce((total, value) => total + value, 0) / values.length;
}

function shown(value: number | null): string {
  if (value === null) return "-";
  return Number.isInteger(value) ? String(value) : Number(value.toPrecision(4)).toString();
}
