import { ThroughlineError } from "@throughline/api";
import type { TenantInfo } from "@throughline/enhancer";
import type { Command } from "commander";
import { type Flags, missingSetting } from "../config.ts";
import { readArgument } from "../runtime/address.ts";
import { addSettings, printJson, printTable, storeSettings, textOf } from "./options.ts";
import type { CommandContext } from "./context.ts";
import { withStore } from "./store.ts";
import { addTenantRemoval } from "./tenant-remove.ts";
import { addTenantKeyCommands } from "./tenant-keys.ts";
import { addTestMapping } from "./test-mapping.ts";
import { addSettingFlags, namingFlags, settingsFrom } from "./tenant-flags.ts";

/** Below this many characters a secret is taken with a warning: desks may not let one choose. */
const shortSecret = 16;

/** Flags of secrets, and their names in the tenant. */
const secretFlags = {
  secret: "webhook",
  deskKey: "deskKey",
  deskClientSecret: "deskClientSecret",
  deskRefreshToken: "deskRefreshToken",
} as const;
type Secrets = Partial<Record<(typeof secretFlags)[keyof typeof secretFlags], string>>;

export function addTenantCommands(program: Command, context: CommandContext): void {
  const tenant = program.command("tenant").description("tenants, their desks and secrets");
  addTenantKeyCommands(tenant, context);
  addTestMapping(tenant, context);

  const add = tenant
    .command("add")
    .description("add a tenant; without --secret one is made and shown once")
    .argument("<id>", "of a-z, 0-9 and -");
  addSettings(addSettingFlags(addSecretFlags(add)).option("--json", "print JSON"), storeSettings).action(
    async (id: string, flags: Flags) => {
      const settings = await settingsFrom(flags);
      const desk = { kind: "servicedesk-plus", ...(settings["desk"] as Record<string, unknown> | undefined) };
      const given = await secretsFrom(flags);
      if (desk.kind !== "servicedesk-plus-cloud") {
        if (!("url" in desk)) throw missingSetting("--desk");
        if (given.deskKey === undefined) throw missingSetting("--desk-key");
      }
      const made = given.webhook === undefined ? await madeSecret(settings) : undefined;
      const secrets = { ...given, webhook: given.webhook ?? made ?? "" };
      await withStore(flags, context, async (store) => {
        const added = await store.tenants
          .add({ id, settings: { ...settings, desk }, secrets })
          .catch(rethrowNamingFlags);
        warnOfShort(given.webhook);
        if (flags["json"] === true)
          printJson({ ...shown(added), ...(made === undefined ? {} : { secret: made }) });
        else {
          process.stdout.write(`Tenant ${id} is added: its notes go to ${added.settings.desk.url}.\n`);
          if (made !== undefined) process.stdout.write(`Secret of its webhooks, shown this once: ${made}\n`);
        }
      });
    },
  );

  const set = tenant
    .command("set")
    .description("change a tenant; what no flag names stays as it is")
    .argument("<id>");
  addSettings(addSettingFlags(addSecretFlags(set)).option("--json", "print JSON"), storeSettings).action(
    async (id: string, flags: Flags) => {
      const settings = await settingsFrom(flags);
      const secrets = await secretsFrom(flags);
      if (Object.keys(settings).length === 0 && Object.keys(secrets).length === 0)
        throw new ThroughlineError("TL_USAGE", "No flag says what to change.");
      await withStore(flags, context, async (store) => {
        const changed = await store.tenants.change(id, { settings, secrets }).catch(rethrowNamingFlags);
        warnOfShort(secrets.webhook);
        if (flags["json"] === true) printJson(shown(changed));
        else process.stdout.write(`Tenant ${id} is changed.\n`);
      });
    },
  );

  addSettings(
    tenant.command("list").description("all tenants").option("--json", "print JSON"),
    storeSettings,
  ).action((flags: Flags) =>
    withStore(flags, context, async (store) => {
      const tenants = (await store.tenants.list()).map(shown);
      if (flags["json"] === true) printJson({ tenants });
      else printTable([["TENANT", "DESK"], ...tenants.map(({ id, desk }) => [id, desk])]);
    }),
  );

  addSettings(
    tenant
      .command("show")
      .description("one tenant, without its secrets")
      .argument("<id>")
      .option("--settings", "its settings alone, as `tenant set --settings FILE` takes them")
      .option("--json", "print JSON"),
    storeSettings,
  ).action((id: string, flags: Flags) =>
    withStore(flags, context, async (store) => {
      const view = shown(await store.tenants.info(id));
      if (flags["settings"] === true) return printJson(view.settings);
      const hints = await store.tenants.hints(id).catch(unreadable);
      if (flags["json"] === true) printJson({ ...view, ...hints });
      else printTable(rowsOf({ ...view, ...hints }));
    }),
  );
  addTenantRemoval(tenant, context);
}

function addSecretFlags(command: Command): Command {
  return command
    .option("--secret <SECRET>", "of its webhooks; - reads standard input, @FILE a file")
    .option("--desk-key <KEY>", "technician key or access token; - reads standard input, @FILE a file")
    .option("--desk-client-secret <SECRET>", "OAuth of the cloud desk; - or @FILE")
    .option("--desk-refresh-token <TOKEN>", "OAuth of the cloud desk; - or @FILE");
}

async function secretsFrom(flags: Flags): Promise<Secrets> {
  const names = Object.keys(secretFlags) as (keyof typeof secretFlags)[];
  if (names.filter((name) => flags[name] === "-").length > 1)
    throw new ThroughlineError("TL_USAGE", "Only one secret can be read from standard input.");
  const secrets: Secrets = {};
  for (const name of names) {
    const given = textOf(flags, name);
    if (given !== undefined) secrets[secretFlags[name]] = await readArgument(given);
  }
  return secrets;
}

/** In the form that the scheme has. */
async function madeSecret(settings: Record<string, unknown>): Promise<string> {
  const { newWebhookSecret } = await import("@throughline/enhancer");
  const { scheme } = (settings["webhook"] ?? {}) as { scheme?: "standard-webhooks" };
  return newWebhookSecret(scheme);
}

function rethrowNamingFlags(error: unknown): never {
  throw namingFlags(error);
}

function warnOfShort(secret: string | undefined): void {
  if (secret === undefined || secret.length >= shortSecret) return;
  process.stderr.write(
    `The secret has ${secret.length} characters and can be guessed: at least ${shortSecret} are advised.\n`,
  );
}

/** A tenant is shown whatever became of its secrets. */
function unreadable(error: unknown): { secrets: string; previousWebhookValidUntil: null } {
  if (!(error instanceof ThroughlineError)) throw error;
  return { secrets: `unreadable: ${error.message} [${error.code}]`, previousWebhookValidUntil: null };
}

function shown({ id, settings, revision, createdAt, updatedAt }: TenantInfo) {
  return {
    id,
    desk: settings.desk.url,
    trustsTraceparent: settings.webhook.trustsTraceparent,
    createdAt: new Date(createdAt).toISOString(),
    updatedAt: new Date(updatedAt).toISOString(),
    revision,
    settings,
  };
}

/** `settings.webhook.scheme  servicedesk-hmac`: one line for each value. */
function rowsOf(value: object, prefix = ""): string[][] {
  return Object.entries(value).flatMap(([key, inner]: [string, unknown]) => {
    if (typeof inner === "object" && inner !== null && !Array.isArray(inner))
      return rowsOf(inner, `${prefix}${key}.`);
    if (Array.isArray(inner)) return [[prefix + key, inner.join(", ")]];
    if (inner === null) return [[prefix + key, "none"]];
    return [[prefix + key, typeof inner === "string" ? inner : JSON.stringify(inner)]];
  });
}
