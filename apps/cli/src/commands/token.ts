import { ThroughlineError } from "@throughline/api";
import type { Command } from "commander";
import { type Flags, invalidSetting } from "../config.ts";
import { parseBytes, parseDuration } from "../runtime/address.ts";
import { scopes, tenantName, type TokenScope, TokenStore } from "../runtime/tokens.ts";
import type { CommandContext } from "./context.ts";
import { addSettings, dataDirectoryOf, printJson, printTable, textOf } from "./options.ts";
import { recordAction } from "./store.ts";

/** Who may send, read and administer. Running processes know of a change within a second. */
export function addTokenCommands(program: Command, context: CommandContext): void {
  const token = program.command("token").description("who may send, read and administer");
  const storeOf = (flags: Flags): TokenStore => new TokenStore(dataDirectoryOf(flags, context));
  const record = (flags: Flags, action: string, about: Known) =>
    recordAction(flags, context, { action, tenantId: about.tenant, changes: changesOf(about) });

  const add = token
    .command("add")
    .description("make a token; it is shown this once")
    .argument("<name>")
    .requiredOption("--scope <SCOPES>", `what it allows, separated by commas: ${scopes.join(", ")}`)
    .option("--tenant <ID>", "the tenant whose spans it sends and sees (default: no restriction)")
    .option("--rate-spans <N>", "spans per second that it may send, e.g. 5000 (default: no limit)")
    .option("--rate-bytes <SIZE>", "bytes per second that it may send, e.g. 10MB (default: no limit)")
    .option("--expires <TIME>", "how long it is good for, e.g. 90d (default: until it is revoked)")
    .option("--json", "print JSON");
  addSettings(add, audited).action(async (name: string, flags: Flags) => {
    const wanted = {
      name,
      scopes: scopesOf(textOf(flags, "scope") ?? ""),
      tenant: tenantOf(textOf(flags, "tenant")),
      spansPerSecond: spansOf(textOf(flags, "rateSpans")),
      bytesPerSecond: bytesOf(textOf(flags, "rateBytes")),
      expiresAt: expiryOf(textOf(flags, "expires")),
    };
    const tokens = storeOf(flags);
    const made = await tokens.add(wanted);
    // A token that nobody would know of is none.
    await record(flags, "token.added", made).catch((error: unknown) => {
      tokens.revoke(made.id);
      throw error;
    });
    if (flags["json"] === true) printJson(made);
    else process.stdout.write(`${made.token}\n`);
  });

  const list = token
    .command("list")
    .description("tokens, without their secrets")
    .option("--json", "print JSON");
  addSettings(list, ["data"]).action((flags: Flags) => {
    const tokens = storeOf(flags).list();
    if (flags["json"] === true) printJson({ tokens });
    else
      printTable([
        ["ID", "NAME", "SCOPES", "TENANT", "SPANS/S", "BYTES/S", "EXPIRES"],
        ...tokens.map(({ id, name, scopes: own, tenant, spansPerSecond, bytesPerSecond, expiresAt }) => [
          id,
          name,
          own.join(","),
          tenant ?? "all",
          spansPerSecond === null ? "-" : String(spansPerSecond),
          bytesPerSecond === null ? "-" : String(bytesPerSecond),
          expiresAt ?? "never",
        ]),
      ]);
  });

  const revoke = token
    .command("revoke")
    .description("end a token")
    .argument("<id>", "as `token list` shows it")
    .option("--json", "print JSON");
  addSettings(revoke, audited).action(async (id: string, flags: Flags) => {
    const tokens = storeOf(flags);
    const known = tokens.list().find((one) => one.id === id);
    if (known === undefined) throw new ThroughlineError("TL_TOKEN_UNKNOWN", `There is no token ${id}.`);
    tokens.revoke(id);
    await record(flags, "token.revoked", known);
    if (flags["json"] === true) printJson({ revoked: id });
    else process.stdout.write(`token ${id} is revoked\n`);
  });
}

/** Where the audit log is. */
const audited = ["data", "postgres"] as const;

type Known = ReturnType<TokenStore["list"]>[number];

/** What of a token the audit log tells: never its text. */
function changesOf({ id, name, scopes: own, expiresAt }: Known) {
  return [
    { field: "id", new: id },
    { field: "name", new: name },
    { field: "scopes", new: own },
    { field: "expiresAt", new: expiresAt },
  ];
}

function scopesOf(text: string): TokenScope[] {
  const found = text.split(",").map((name) => {
    const scope = scopes.find((one) => one === name.trim());
    if (scope === undefined) throw invalidSetting("--scope", text, `expected some of ${scopes.join(", ")}`);
    return scope;
  });
  return [...new Set(found)];
}

function tenantOf(text: string | undefined): string | null {
  if (text === undefined) return null;
  if (!tenantName.test(text))
    throw invalidSetting("--tenant", text, "expected up to 64 letters, digits, dots, dashes and underscores");
  return text;
}

function spansOf(text: string | undefined): number | null {
  if (text === undefined) return null;
  const spans = /^[1-9]\d{0,8}$/.test(text) ? Number(text) : 0;
  if (spans === 0) throw invalidSetting("--rate-spans", text, "expected a number of spans such as 5000");
  return spans;
}

function bytesOf(text: string | undefined): number | null {
  if (text === undefined) return null;
  const bytes = parseBytes(text) ?? 0;
  if (bytes === 0) throw invalidSetting("--rate-bytes", text, "expected a size such as 500kB or 10MB");
  return bytes;
}

function expiryOf(text: string | undefined): string | null {
  if (text === undefined) return null;
  const duration = parseDuration(text);
  if (duration === undefined || duration <= 0)
    throw invalidSetting("--expires", text, "expected a time such as 90d");
  return new Date(Date.now() + duration).toISOString();
}
