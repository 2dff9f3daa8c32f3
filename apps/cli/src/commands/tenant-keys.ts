import { ThroughlineError } from "@throughline/api";
import type { Command } from "commander";
import { type Flags, invalidSetting } from "../config.ts";
import { parseDuration, readArgument } from "../runtime/address.ts";
import type { CommandContext } from "./context.ts";
import { addSettings, printJson, storeSettings, textOf } from "./options.ts";
import { withStore } from "./store.ts";

/** `tenant rotate-secret` and `tenant rotate-key`. */
export function addTenantKeyCommands(tenant: Command, context: CommandContext): void {
  const secret = tenant
    .command("rotate-secret")
    .description(
      "give a tenant's webhooks another secret; it is shown this once, the old one stays good for a while",
    )
    .argument("<id>")
    .option(
      "--secret <SECRET>",
      "the new one, in place of one that is made; - reads standard input, @FILE a file",
    )
    .option("--grace <TIME>", "how long the old one stays good", "24h")
    .option("--now", "the old one ends at once")
    .option("--end-old", "make no new one: end the old one of the rotation before")
    .option("--json", "print JSON");
  addSettings(secret, storeSettings).action((id: string, flags: Flags) =>
    flags["endOld"] === true ? endOld(id, flags, context) : rotateSecret(id, flags, context),
  );

  const key = tenant
    .command("rotate-key")
    .description(
      "seal all tenants' secrets anew under a new tenants.key, or under the first key of THROUGHLINE_TENANTS_KEY; running processes go on",
    )
    .option("--discard-unreadable", "give up secrets that no key opens any more; their tenants are named")
    .option("--json", "print JSON");
  addSettings(key, storeSettings).action((flags: Flags) =>
    withStore(flags, context, async (store) => {
      const { keyId, lost } = await store.tenants.rotateKey({ discard: flags["discardUnreadable"] === true });
      if (flags["json"] === true) return printJson({ keyId, lost });
      process.stdout.write(`All secrets are sealed under the key ${keyId}.\n`);
      for (const id of lost)
        process.stdout.write(
          `The secrets of ${id} are gone: throughline tenant set ${id} --secret - --desk-key @FILE\n`,
        );
    }),
  );
}

async function rotateSecret(id: string, flags: Flags, context: CommandContext): Promise<void> {
  const given = textOf(flags, "secret");
  const grace = textOf(flags, "grace") ?? "";
  const graceMs = flags["now"] === true ? 0 : parseDuration(grace);
  if (graceMs === undefined) throw invalidSetting("--grace", grace, "expected a time such as 24h");
  const secret = given === undefined ? undefined : await readArgument(given);
  await withStore(flags, context, async (store) => {
    const rotated = await store.tenants.rotateSecret(id, { secret, graceMs });
    const until =
      rotated.previousValidUntil === null ? null : new Date(rotated.previousValidUntil).toISOString();
    if (flags["json"] === true) {
      return printJson({
        id,
        ...(given === undefined ? { secret: rotated.secret } : {}),
        previousValidUntil: until,
      });
    }
    if (given === undefined)
      process.stdout.write(`New secret of ${id}'s webhooks, shown this once: ${rotated.secret}\n`);
    process.stdout.write(
      until === null ? "The old one is not good any more.\n" : `The old one stays good until ${until}.\n`,
    );
  });
}

async function endOld(id: string, flags: Flags, context: CommandContext): Promise<void> {
  if (textOf(flags, "secret") !== undefined)
    throw new ThroughlineError("TL_USAGE", "--end-old makes no new secret: leave --secret out.");
  await withStore(flags, context, async (store) => {
    await store.tenants.endPreviousSecret(id);
    if (flags["json"] === true) printJson({ id, previousValidUntil: null });
    else process.stdout.write("The old secret is not good any more.\n");
  });
}
