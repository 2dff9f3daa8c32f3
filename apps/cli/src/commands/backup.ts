import type { Command } from "commander";
import type { Flags } from "../config.ts";
import { readTenantsKeys } from "../runtime/tenants-keys.ts";
import type { CommandContext } from "./context.ts";
import { addSettings, dataDirectoryOf, printJson, settingsOf, storeSettings, textOf } from "./options.ts";

/** Everything that is kept, to a directory and back. */
export function addBackupCommands(program: Command, context: CommandContext): void {
  const backup = program
    .command("backup")
    .description(
      "write everything that is kept to an empty directory, while it runs; the key of the tenants' secrets is kept apart",
    )
    .argument("<directory>", "is made where it is missing")
    .option("--json", "print JSON");
  addSettings(backup, storeSettings).action(async (target: string, flags: Flags) => {
    const { environment } = context;
    const { postgres, redis } = settingsOf(flags, context);
    const data = dataDirectoryOf(flags, context);
    const { makeBackup } = await import("../backup/backup.ts");
    const { tenantsKeyOf } = await import("@throughline/enhancer/transfer");
    const tenantsKey = tenantsKeyOf(data, readTenantsKeys(environment));
    const manifest = await makeBackup(target, { data, postgres, redis, environment, tenantsKey });
    if (flags["json"] === true) return printJson(manifest);
    const bytes = manifest.files.reduce((total, file) => total + file.bytes, 0);
    process.stdout.write(`${manifest.files.length} files, ${Math.ceil(bytes / 1_000_000)} MB in ${target}\n`);
    if (tenantsKey !== null)
      process.stdout.write(
        `Not in it: ${tenantsKey.file}, the key that opens the tenants' secrets. Keep it apart; without it a restore is refused.\n`,
      );
  });

  const restore = program
    .command("restore")
    .description("put a backup into an empty data directory; nothing runs on it meanwhile")
    .argument("<directory>", "of the backup")
    .option("--key-file <FILE>", "tenants.key, as it was kept apart")
    .option("--json", "print JSON");
  addSettings(restore, storeSettings).action(async (source: string, flags: Flags) => {
    const { environment } = context;
    const { postgres, redis } = settingsOf(flags, context);
    const data = dataDirectoryOf(flags, context);
    const { restoreBackup } = await import("../backup/restore.ts");
    const { keyIdOfFile, keyIdsOf } = await import("@throughline/enhancer/transfer");
    const manifest = await restoreBackup(source, {
      data,
      postgres,
      redis,
      environment,
      keyIdOf: keyIdOfFile,
      givenKeyIds: keyIdsOf(readTenantsKeys(environment)),
      keyFile: textOf(flags, "keyFile"),
    });
    if (flags["json"] === true) return printJson({ restored: manifest.endedAt, data });
    process.stdout.write(
      `${data} is as it was on ${manifest.endedAt}, with everything acknowledged until ${manifest.startedAt}\n`,
    );
  });
}
