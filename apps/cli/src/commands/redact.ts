import { ThroughlineError } from "@throughline/api";
import type { Redactor } from "@throughline/tracing/redaction";
import type { Command } from "commander";
import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";
import { type Flags, readRedactionRules } from "../config.ts";
import { textOf } from "./options.ts";
import type { CommandContext } from "./context.ts";

/** Text around a secret in a preview, on either side. */
const around = 24;

interface Hit {
  line: number;
  /** 1-based, in UTF-16 units. */
  column: number;
  rule: string;
  action: string;
  key?: string;
  /** The place, with the secret hidden. */
  preview: string;
}

export function addRedactCommand(program: Command, context: CommandContext): void {
  program
    .command("redact")
    .description("what would be hidden")
    .command("check")
    .description(
      "a dry run: which rule hits what in a text, a log or JSON; the secrets themselves are not shown",
    )
    .argument("<file>", "a file, or - for standard input")
    .option("--rules <FILE>", "rules beside the built-in ones")
    .option("--json", "print a JSON line for each hit")
    .action((file: string, flags: Flags) => check(file, flags, context));
}

async function check(file: string, flags: Flags, { environment }: CommandContext): Promise<void> {
  const { redactorOf } = await import("../runtime/redaction.ts");
  const rules = textOf(flags, "rules") ?? environment["THROUGHLINE_REDACTION_RULES"];
  const redactor = redactorOf(readRedactionRules({ redactionRules: rules || undefined }, environment));
  const asJson = flags["json"] === true;
  const totals = new Map<string, number>();
  let lines = 0;
  for await (const { text, first, last } of blocksOf(file)) {
    lines = last;
    for (const hit of hitsOf(text, first, redactor)) {
      totals.set(hit.rule, (totals.get(hit.rule) ?? 0) + 1);
      const where = `${file === "-" ? "stdin" : file}:${hit.line}:${hit.column}`;
      const key = hit.key === undefined ? "" : `  ${hit.key}`;
      process.stdout.write(
        asJson ? `${JSON.stringify(hit)}\n` : `${where}  ${hit.rule}  ${hit.action}${key}  ${hit.preview}\n`,
      );
    }
  }
  if (asJson) return;
  const hits = [...totals.values()].reduce((sum, count) => sum + count, 0);
  const byRule = [...totals].map(([rule, count]) => `${rule} ${count}`).join(", ");
  process.stdout.write(`${lines} lines, ${hits} hits${hits === 0 ? "" : `: ${byRule}`}\n`);
}

/** Attributes as OTLP and Jaeger write them in JSON: there the rules of keys decide. */
const attribute =
  /"key"\s{0,4}:\s{0,4}"([^"\\]{1,256})"\s{0,4},\s{0,4}(?:"type"\s{0,4}:\s{0,4}"string"\s{0,4},\s{0,4})?"value"\s{0,4}:\s{0,4}(?:\{\s{0,4}"stringValue"\s{0,4}:\s{0,4})?"/g;

function hitsOf(text: string, firstLine: number, redactor: Redactor): Hit[] {
  const found = redactor.findings(text);
  for (const match of text.matchAll(attribute)) {
    const [whole, key = ""] = match;
    const start = match.index + whole.length;
    const end = text.indexOf('"', start);
    if (
      end <= start ||
      !redactor.isSensitiveKey(key) ||
      found.some((hit) => hit.start < end && hit.end > start)
    )
      continue;
    found.push({ rule: "sensitive-key", action: { kind: "redact" }, start, end, key });
  }
  return found
    .sort((a, b) => a.start - b.start)
    .map(({ start, end, rule, action, key }) => {
      const ahead = text.slice(0, start);
      const before = redactor.text(text.slice(Math.max(0, start - around), start));
      const after = redactor.text(text.slice(end, end + around));
      return {
        line: firstLine + ahead.split("\n").length - 1,
        column: start - ahead.lastIndexOf("\n"),
        rule,
        action: action.kind,
        ...(key === undefined ? {} : { key }),
        // oxlint-disable-next-line no-control-regex -- they are what is taken out
        preview: `${before}${hidden(action.kind)}${after}`.replaceAll(/[\u0000-\u001f\u007f]/g, " "),
      };
    });
}

function hidden(action: string): string {
  return action === "drop" ? "[]" : "[REDACTED]";
}

interface Block {
  text: string;
  first: number;
  last: number;
}

const keyLinesAtMost = 400;

/** Line by line, but a private key's lines together. */
async function* blocksOf(file: string): AsyncGenerator<Block> {
  let open: string[] = [];
  let number = 0;
  for await (const line of linesOf(file)) {
    number++;
    const begins = /BEGIN [A-Z0-9 ]*(?:PRIVATE|SECRET) KEY/.test(line);
    if (open.length > 0 || begins) open.push(line);
    const ends = / END [A-Z0-9 ]*KEY|-END [A-Z0-9 ]*KEY/.test(line) || open.length >= keyLinesAtMost;
    if (open.length > 0 && !ends) continue;
    const lines = open.length > 0 ? open : [line];
    open = [];
    yield { text: lines.join("\n"), first: number - lines.length + 1, last: number };
  }
  if (open.length > 0) yield { text: open.join("\n"), first: number - open.length + 1, last: number };
}

/** Throws TL_FILE_UNREADABLE. */
async function* linesOf(file: string): AsyncGenerator<string> {
  const input = file === "-" ? process.stdin : createReadStream(file);
  try {
    yield* createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY });
  } catch (cause) {
    throw new ThroughlineError("TL_FILE_UNREADABLE", `${file} cannot be read: ${String(cause)}`, { cause });
  }
}
