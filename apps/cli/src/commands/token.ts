import { ThroughlineError } from "@throughline/api";
import type { Command } from "commander";
import { type Flags, invalidSetting } from "../config.ts";
import { parseDuration } from "../runtime/address.ts";
import { scopes, type TokenScope, TokenStore } from "../runtime/tokens.ts";
import type { CommandContext } from "./context.ts";
import { addSettings, dataDirectoryOf, printJson, printTable, textOf } from "./options.ts";

/** Who may send, read and administer. Running processes know of a change within a second. */
export function addTokenCommands(program: Command, context: CommandContext): void {
  const token = program.command("token").description("who may send, read and administer");
  const storeOf = (flags: Flags): TokenStore => new TokenStore(dataDirectoryOf(flags, context));

  const add = token
    .command("add")
    .description("make a token; it is shown this once")
    .argument("<name>")
    .requiredOption("--scope <SCOPES>", `what it allows, separated by commas: ${scopes.join(", ")}`)
    .option("--expires <TIME>", "how long it is good for, e.g. 90d (default: until it is revoked)")
    .option("--json", "print JSON");
  addSettings(add, ["data"]).action(async (name: string, flags: Flags) => {
    const made = await storeOf(flags).add({
      name,
      scopes: scopesOf(textOf(flags, "scope") ?? ""),
      expiresAt: expiryOf(textOf(flags, "expires")),
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
        ["ID", "NAME", "SCOPES", "EXPIRES"],
        ...tokens.map(({ id, name, scopes: own, expiresAt }) => [
          id,
          name,
          own.join(","),
          expiresAt ?? "never",
        ]),
      ]);
  });

  const revoke = token
    .command("revoke")
    .description("end a token")
    .argument("<id>", "as `token list` shows it")
    .option("--json", "print JSON");
  addSettings(revoke, ["data"]).action((id: string, flags: Flags) => {
    if (!storeOf(flags).revoke(id))
      throw new ThroughlineError("TL_TOKEN_UNKNOWN", `There is no token ${id}.`);
    if (flags["json"] === true) printJson({ revoked: id });
    else process.stdout.write(`token ${id} is revoked\n`);
  });
}

function scopesOf(text: string): TokenScope[] {
  const found = text.split(",").map((name) => {
    const scope = scopes.find((one) => one === name.trim());
    if (scope === undefined) throw invalidSetting("--scope", text, `expected some of ${scopes.join(", ")}`);
    return scope;
  });
  return [...new Set(found)];
}

function expiryOf(text: string | undefined): string | null {
  if (text === undefined) return null;
  const duration = parseDuration(text);
  if (duration === undefined || duration <= 0)
    throw invalidSetting("--expires", text, "expected a time such as 90d");
  return new Date(Date.now() + duration).toISOString();
}
