import { ThroughlineError } from "@throughline/api";
import { type Command, Option } from "commander";
import { readFile } from "node:fs/promises";
import { type Flags, flagOf, invalidSetting } from "../config.ts";
import { parseDuration, readArgument } from "../runtime/address.ts";

type Parse = (text: string, flag: string) => unknown;

const text: Parse = (value) => value;
const orNone =
  (parse: Parse): Parse =>
  (value, flag) =>
    value === "none" ? null : parse(value, flag);
const number: Parse = (value, flag) => {
  const parsed = Number(value);
  if (value.trim() === "" || !Number.isFinite(parsed))
    throw invalidSetting(flag, value, "expected a number or none");
  return parsed;
};
const list: Parse = (value) =>
  value === "none"
    ? []
    : value
        .split(",")
        .map((item) => item.trim())
        .filter((item) => item !== "");
const seconds: Parse = (value, flag) => {
  const ms = parseDuration(value);
  if (ms === undefined || ms < 1_000 || ms % 1_000 !== 0)
    throw invalidSetting(flag, value, "expected whole seconds, minutes or hours such as 300s or 5m");
  return ms / 1_000;
};
const rate: Parse = (value, flag) => {
  const perMinute = /^(\d+)(?:\/min)?$/.exec(value)?.[1];
  if (perMinute === undefined) throw invalidSetting(flag, value, "expected N/min, such as 100/min, or none");
  return Number(perMinute);
};

/** A flag of `tenant add` and `tenant set`, and where in the settings its value goes. */
interface SettingFlag {
  name: string;
  placeholder: string;
  description: string;
  path: string;
  parse: Parse;
}

const flag = (
  name: string,
  placeholder: string,
  path: string,
  description: string,
  parse: Parse = text,
): SettingFlag => ({ name, placeholder, path, description, parse });

const settingFlags: readonly SettingFlag[] = [
  flag("webhookScheme", "NAME", "webhook.scheme", "how its webhooks are signed (default servicedesk-hmac)"),
  flag("secretHeader", "NAME", "webhook.secretHeader", "header of the secret, for the scheme static-secret"),
  flag("preset", "NAME", "webhook.preset", "which desk's body its webhooks have (default throughline)"),
  flag(
    "allowAddresses",
    "LIST",
    "webhook.allowedAddresses",
    "addresses and networks that may send, separated by commas; none: all",
    list,
  ),
  flag(
    "tolerance",
    "TIME",
    "webhook.toleranceSeconds",
    "how old a signed timestamp may be, or none: what suits the scheme (default)",
    orNone(seconds),
  ),
  flag(
    "rate",
    "N/min",
    "webhook.ratePerMinute",
    "webhooks taken in a minute, or none (default 100/min)",
    orNone(rate),
  ),
  flag("deskKind", "KIND", "desk.kind", "servicedesk-plus (default), servicedesk-plus-cloud or zammad"),
  flag("desk", "URL", "desk.url", "base address of its desk"),
  flag(
    "deskHeaderStyle",
    "STYLE",
    "desk.headerStyle",
    "both, authtoken, authorization or query: where the key goes",
  ),
  flag("deskPortal", "NAME", "desk.portal", "the desk's portal, or none", orNone(text)),
  flag("deskAccountsUrl", "URL", "desk.accountsUrl", "where the cloud desk's OAuth tokens come from"),
  flag("deskClientId", "ID", "desk.clientId", "OAuth client of the cloud desk"),
  flag(
    "deskTechnician",
    "NAME",
    "desk.technician.name",
    "who writes our notes there: changes by them start nothing",
    orNone(text),
  ),
  flag("deskTechnicianId", "ID", "desk.technician.id", "the same, by id", orNone(text)),
  flag("mode", "MODE", "note.mode", "shadow, draft or automatic (default)"),
  flag(
    "language",
    "TAG",
    "note.language",
    "of its notes, such as en or de-CH; ticket: the ticket's own (default)",
  ),
  flag(
    "docPermissions",
    "LIST",
    "documents.permissions",
    "labels permission:... that its notes may quote, or none",
    list,
  ),
  flag("docVersions", "LIST", "documents.versions", "labels version:... that are in use, or none: all", list),
  flag("docExclude", "LIST", "documents.exclude", "labels that its notes never quote, or none", list),
  flag("ticketUsd", "N", "budget.ticketUsd", "dollars for one ticket, or none", orNone(number)),
  flag("dayUsd", "N", "budget.dayUsd", "dollars for one day, or none", orNone(number)),
  flag("ticketTokens", "N", "budget.ticketTokens", "tokens for one ticket, or none", orNone(number)),
  flag("dayTokens", "N", "budget.dayTokens", "tokens for one day, or none", orNone(number)),
  flag(
    "historyDays",
    "N",
    "retention.historyDays",
    "how long its history is kept, or none: always",
    orNone(number),
  ),
  flag(
    "enhancementDays",
    "N",
    "retention.enhancementDays",
    "how long records of its notes are kept, or none: always",
    orNone(number),
  ),
  flag("concurrency", "N", "concurrency", "its jobs at the same time, or none: no limit", orNone(number)),
];

/** Switches, by name: where they go. */
const switches = [
  ["trustTraceparent", "webhook.trustsTraceparent", "continue the trace of a webhook that brings one"],
  ["showToRequester", "note.showToRequester", "the requester sees its notes too"],
  ["notes", "note.enabled", "write notes; --no-notes is the kill switch"],
] as const;

const filterFields = ["priority", "category", "group", "status", "requester", "label"];
const optOutFields: Readonly<Record<string, string>> = {
  group: "groups",
  category: "categories",
  requester: "requesters",
};

export function addSettingFlags(command: Command): Command {
  for (const { name, placeholder, description } of settingFlags)
    command.option(`${flagOf(name)} <${placeholder}>`, description);
  for (const [name, , description] of switches) {
    command.option(flagOf(name), description);
    command.addOption(new Option(flagOf(name).replace("--", "--no-"), "not so").hideHelp());
  }
  const many = (value: string, before: string[] | undefined): string[] => [...(before ?? []), value];
  return command
    .option(
      "--hide-personal-data [KINDS]",
      "keep email, phone, ip, name (the requester's) from the model, separated by commas; all without KINDS, or none",
    )
    .addOption(new Option("--no-hide-personal-data", "not so").hideHelp())
    .option("--include <FIELD=VALUES>", `only such tickets: ${filterFields.join(", ")}; repeatable`, many)
    .option("--exclude <FIELD=VALUES>", "no such tickets; repeatable", many)
    .option("--opt-out <FIELD=VALUES>", "no notes for a group, category or requester; repeatable", many)
    .option("--template <TEXT>", "of its notes; - reads standard input, @FILE a file, or none")
    .option("--mapping <FILE>", "JSON: where a ticket's fields stand in its webhooks, or none")
    .option("--settings <FILE>", "all settings as JSON, as `tenant show --settings` prints them");
}

/** What the flags say of the settings, as a change of them: `--settings` first, then each flag over it. */
export async function settingsFrom(flags: Flags): Promise<Record<string, unknown>> {
  const change = isText(flags["settings"]) ? await readJson(flags["settings"], "--settings") : {};
  for (const { name, path, parse } of settingFlags) {
    const value = flags[name];
    if (isText(value)) put(change, path, parse(value, flagOf(name)));
  }
  for (const [name, path] of switches) if (typeof flags[name] === "boolean") put(change, path, flags[name]);
  const { hidePersonalData: hidden } = flags;
  if (typeof hidden === "boolean") put(change, "note.hidePersonalData", hidden);
  if (isText(hidden)) put(change, "note.hidePersonalData", list(hidden, "--hide-personal-data"));
  for (const side of ["include", "exclude"] as const) {
    for (const [field, values] of fieldValues(flags[side], flagOf(side), filterFields))
      put(change, `filters.${side}.${field}`, values);
  }
  for (const [field, values] of fieldValues(flags["optOut"], "--opt-out", Object.keys(optOutFields)))
    put(change, `note.optOut.${optOutFields[field]}`, values);
  const { template, mapping } = flags;
  if (isText(template))
    put(change, "note.template", template === "none" ? null : await readArgument(template));
  if (isText(mapping))
    put(change, "webhook.mapping", mapping === "none" ? null : await readJson(mapping, "--mapping"));
  return change;
}

/** The same error, with the flags that stand for its fields. */
export function namingFlags(error: unknown): unknown {
  if (!(error instanceof ThroughlineError) || error.code !== "TL_TENANT_INVALID") return error;
  const named = error.fields.map(({ field, message }) => {
    const known = settingFlags.find(({ path }) => `settings.${path}` === field)?.name ?? secretFlagOf(field);
    return `${known === undefined ? field : `${flagOf(known)} (${field})`}: ${message}`;
  });
  return new ThroughlineError("TL_TENANT_INVALID", `${named.join("; ")}.`, { fields: error.fields });
}

function secretFlagOf(field: string): string | undefined {
  const name = /^secrets\.(\w+)$/.exec(field)?.[1];
  return name === "webhook" ? "secret" : name;
}

function fieldValues(
  given: unknown,
  source: string,
  fields: readonly string[],
): (readonly [string, unknown])[] {
  if (!Array.isArray(given)) return [];
  return given.map((entry: unknown) => {
    const [, field = "", values = ""] = /^([a-z]+)=(.*)$/s.exec(String(entry)) ?? [];
    if (!fields.includes(field))
      throw invalidSetting(source, String(entry), `expected FIELD=VALUES with one of ${fields.join(", ")}`);
    return [field, list(values, source)] as const;
  });
}

function put(target: Record<string, unknown>, path: string, value: unknown): void {
  const [head = "", ...rest] = path.split(".");
  if (rest.length === 0) {
    target[head] = value;
    return;
  }
  const inner = target[head];
  const next = typeof inner === "object" && inner !== null ? (inner as Record<string, unknown>) : {};
  target[head] = next;
  put(next, rest.join("."), value);
}

async function readJson(file: string, source: string): Promise<Record<string, unknown>> {
  const content = await readFile(file, "utf8").catch((cause: unknown) => {
    throw new ThroughlineError("TL_FILE_UNREADABLE", `${file} cannot be read: ${String(cause)}`, { cause });
  });
  let parsed: unknown;
  try {
    parsed = JSON.parse(content);
  } catch (cause) {
    throw invalidSetting(source, file, `expected JSON: ${String(cause)}`);
  }
  if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed))
    throw invalidSetting(source, file, "expected a JSON object");
  return parsed as Record<string, unknown>;
}

function isText(value: unknown): value is string {
  return typeof value === "string";
}
