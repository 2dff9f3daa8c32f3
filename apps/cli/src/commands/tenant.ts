import { ThroughlineError } from "@throughline/api";
import type { EnhancerStore, Tenant } from "@throughline/enhancer";
import type { Command } from "commander";
import { randomBytes } from "node:crypto";
import { type Flags, missingSetting } from "../config.ts";
import { readArgument } from "../runtime/address.ts";
import {
  addSettings,
  dataDirectoryOf,
  printJson,
  printTable,
  settingsOf,
  storeSettings,
  textOf,
} from "./options.ts";
import type { CommandContext } from "./context.ts";

/** Below this many characters a secret is taken with a warning: desks may not let one choose. */
const shortSecret = 16;

export function addTenantCommands(program: Command, context: CommandContext): void {
  const tenant = program.command("tenant").description("tenants, their desks and secrets");

  const add = tenant
    .command("add")
    .description("add a tenant; without --secret one is made and shown once")
    .argument("<id>", "of a-z, 0-9 and -")
    .option("--secret <SECRET>", "HMAC secret of its webhooks; - reads standard input, @FILE a file")
    .option("--desk <URL>", "base address of its ServiceDesk Plus")
    .option("--desk-key <KEY>", "technician key; - reads standard input, @FILE a file")
    .option("--trust-traceparent", "continue the trace of a webhook that brings one")
    .option("--json", "print JSON");
  addSettings(add, storeSettings).action(async (id: string, flags: Flags) => {
    const desk = textOf(flags, "desk");
    const deskKey = textOf(flags, "deskKey");
    if (desk === undefined) throw missing("--desk");
    if (deskKey === undefined) throw missing("--desk-key");
    const given = textOf(flags, "secret");
    if (given === "-" && deskKey === "-")
      throw new ThroughlineError(
        "TL_USAGE",
        "Only one of --secret and --desk-key can be read from standard input.",
      );
    const secret = given === undefined ? randomBytes(24).toString("base64url") : await readArgument(given);
    const input = {
      id,
      secret,
      deskUrl: desk,
      deskKey: await readArgument(deskKey),
      trustsTraceparent: flags["trustTraceparent"] === true,
    };
    await withStore(flags, context, async (store) => {
      const added = await store.tenants.add(input);
      if (secret.length < shortSecret) {
        process.stderr.write(
          `The secret has ${secret.length} characters and can be guessed: at least ${shortSecret} are advised.\n`,
        );
      }
      if (flags["json"] === true) printJson({ ...shown(added), ...(given === undefined ? { secret } : {}) });
      else {
        process.stdout.write(`Tenant ${id} is added: its notes go to ${desk}.\n`);
        if (given === undefined) process.stdout.write(`Secret of its webhooks, shown this once: ${secret}\n`);
      }
    });
  });

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
      .option("--json", "print JSON"),
    storeSettings,
  ).action((id: string, flags: Flags) =>
    withStore(flags, context, async (store) => {
      const view = shown(await store.tenants.get(id));
      if (flags["json"] === true) printJson(view);
      else printTable(Object.entries(view).map(([key, value]) => [key, String(value)]));
    }),
  );

  addSettings(
    tenant
      .command("remove")
      .description("remove a tenant with its history, documents and inventory")
      .argument("<id>")
      .option("--json", "print JSON"),
    storeSettings,
  ).action((id: string, flags: Flags) =>
    withStore(flags, context, async (store) => {
      await store.tenants.remove(id);
      if (flags["json"] === true) printJson({ removed: id });
      else process.stdout.write(`Tenant ${id} is removed.\n`);
    }),
  );
}

/** Opens the enhancer's state for one command; changes count at once in processes that run. */
export async function withStore(
  flags: Flags,
  context: CommandContext,
  work: (store: EnhancerStore) => Promise<void>,
  options: { orDemo?: boolean } = {},
): Promise<void> {
  const { openEnhancerStore } = await import("@throughline/enhancer");
  const { postgres } = settingsOf(flags, context);
  const store = openEnhancerStore(dataDirectoryOf(flags, context, options), {
    busyTimeoutMs: 10_000,
    ...(postgres === undefined ? {} : { postgres }),
  });
  try {
    await work(store);
  } finally {
    await store.close();
  }
}

function shown(tenant: Tenant) {
  return {
    id: tenant.id,
    desk: tenant.deskUrl,
    trustsTraceparent: tenant.trustsTraceparent,
    createdAt: new Date(tenant.createdAt).toISOString(),
  };
}

function missing(flag: string): ThroughlineError {
  return missingSetting(flag);
}
