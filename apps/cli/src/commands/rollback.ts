import { ThroughlineError } from "@throughline/api";
import type { Command } from "commander";
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Flags } from "../config.ts";
import { runningInstances } from "../runtime/data-directory.ts";
import type { CommandContext } from "./context.ts";
import { addSettings, dataDirectoryOf, printJson, settingsOf, textOf } from "./options.ts";

/** Back to the schema before the last upgrade, so that the version before it starts again. */
export function addRollbackCommand(program: Command, context: CommandContext): void {
  const rollback = program
    .command("rollback")
    .description(
      "put the data back as it was before the last migration, for the version before it; what was written since is not in it",
    )
    .option("--list", "show the snapshots of the data directory and change nothing")
    .option("--to <NAME>", "a snapshot of the list (default: the newest)")
    .option("--json", "print JSON");
  addSettings(rollback, ["data", "postgres"]).action(async (flags: Flags) => {
    const { postgres } = settingsOf(flags, context);
    const data = dataDirectoryOf(flags, context);
    const file = join(data, "throughline.db");
    const { listSnapshots, rollBackPostgres, rollBackSqlite } =
      await import("@throughline/enhancer/transfer");
    if (flags["list"] === true) return list(listSnapshots(file), flags["json"] === true);
    const [running] = runningInstances(data);
    if (running !== undefined)
      throw new ThroughlineError("TL_RESTORE_TARGET", `Process ${running.pid} runs on ${data}.`);
    const done = [
      ...(existsSync(file) && (postgres === undefined || listSnapshots(file).length > 0)
        ? [rollBackSqlite(file, textOf(flags, "to"))]
        : []),
      ...(postgres === undefined ? [] : [await rollBackPostgres(postgres)]),
    ];
    if (done.length === 0) throw new ThroughlineError("TL_SNAPSHOT_UNKNOWN", `${data} holds no data.`);
    if (flags["json"] === true) return printJson({ restored: done });
    for (const { name, version, takenAt } of done)
      process.stdout.write(`schema version ${version} as of ${takenAt} is back (${name})\n`);
    process.stdout.write(
      "Start the version of Throughline that wrote it: this one would migrate it again.\n",
    );
  });
}

function list(
  snapshots: readonly { name: string; version: number; takenAt: string }[],
  asJson: boolean,
): void {
  if (asJson) return printJson({ snapshots });
  for (const { name, version, takenAt } of snapshots)
    process.stdout.write(`${name}  schema version ${version}, ${takenAt}\n`);
  if (snapshots.length === 0) process.stdout.write("There are no snapshots.\n");
}
