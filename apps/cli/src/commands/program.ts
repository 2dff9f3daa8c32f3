import { errorTable, ThroughlineError } from "@throughline/api";
import { Command, CommanderError } from "commander";
import type { CommandContext } from "./context.ts";
import { settingNames, variableOf } from "../config.ts";
import { version } from "../version.ts";
import { addAuditCommands } from "./audit.ts";
import { addBackupCommands } from "./backup.ts";
import { addDoctorCommand } from "./doctor.ts";
import { addDraftCommands } from "./drafts.ts";
import { addEvalCommands } from "./eval.ts";
import { addExportCommands } from "./export.ts";
import { addImportCommands } from "./import.ts";
import { addJobCommands } from "./jobs.ts";
import { addLogsCommand } from "./logs.ts";
import { addRedactCommand } from "./redact.ts";
import { addReportCommand } from "./report.ts";
import { addServeCommands } from "./serve.ts";
import { addRollbackCommand } from "./rollback.ts";
import { addSimulateCommands } from "./simulate.ts";
import { addStorageCommands } from "./storage.ts";
import { addTenantCommands } from "./tenant.ts";
import { addTicketCommands } from "./ticket.ts";
import { addTokenCommands } from "./token.ts";
import { addTraceCommand } from "./trace.ts";
import { addUserCommands } from "./user.ts";
import { addVerifyCommand } from "./verify.ts";

/** Errors of wrong use: exit code 2. Everything else that fails: 1. */
const wrongUse = new Set([
  "TL_ADDRESS_IN_USE",
  "TL_DATA_DIRECTORY_IN_USE",
  "TL_DATA_DIRECTORY_UNUSABLE",
  "TL_DATA_VERSION_UNKNOWN",
  "TL_BACKUP_TARGET",
  "TL_RESTORE_KEY",
  "TL_RESTORE_TARGET",
  "TL_SETTING_INVALID",
  "TL_TENANT_INVALID",
  "TL_TENANTS_KEY_WRONG",
  "TL_USAGE",
  "TL_USER_INVALID",
]);

/** Every command with its flags; nothing is read or started. */
export function commandTree(context: CommandContext): Command {
  const program = new Command("throughline")
    .description("AI notes on service-desk tickets, and one trace through every one of them.")
    .version(version)
    .showHelpAfterError("(`throughline COMMAND --help` lists what it takes)")
    .exitOverride();
  addServeCommands(program, context);
  addTenantCommands(program, context);
  addAuditCommands(program, context);
  addExportCommands(program, addImportCommands(program, context), context);
  addTicketCommands(program, context);
  addTraceCommand(program, context);
  addTokenCommands(program, context);
  addUserCommands(program, context);
  addStorageCommands(program, context);
  addJobCommands(program, context);
  addDraftCommands(program, context);
  addReportCommand(program, context);
  addLogsCommand(program, context);
  addEvalCommands(program, context);
  addBackupCommands(program, context);
  addRollbackCommand(program, context);
  addSimulateCommands(program);
  addRedactCommand(program, context);
  addVerifyCommand(program, context);
  addDoctorCommand(program, context);
  return program;
}

export function createProgram(context: CommandContext): { run(argv: readonly string[]): Promise<void> } {
  const program = commandTree(context);
  program.hook("preAction", (_program, command) => takeFromEnvironment(command, context));
  // Who reads our output may stop reading (`| head`): that is no error.
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
  });
  return {
    run: async (argv) => {
      try {
        await program.parseAsync(argv);
      } catch (error) {
        process.exitCode = report(error);
      }
    },
  };
}

/** A flag that is not given may stand in THROUGHLINE_*; the settings of serving commands are read with their sources in config.ts. */
function takeFromEnvironment(command: Command, { environment }: CommandContext): void {
  for (const option of command.options) {
    const name = option.attributeName();
    const value = environment[variableOf(name)];
    const isGiven = command.getOptionValueSource(name) === "cli";
    if (isGiven || value === undefined || value === "" || settingNames.some((setting) => setting === name))
      continue;
    command.setOptionValueWithSource(
      name,
      option.isBoolean() ? value.toLowerCase() === "true" : value,
      "env",
    );
  }
}

/** One sentence with the code on standard error; the exit code. */
function report(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  if (error instanceof ThroughlineError) {
    process.stderr.write(`throughline: ${error.message} [${error.code}] ${errorTable[error.code].remedy}\n`);
    return wrongUse.has(error.code) ? 2 : 1;
  }
  if (error instanceof Error && error.name === "TracingConfigError") {
    process.stderr.write(`throughline: ${error.message} [TL_SETTING_INVALID]\n`);
    return 2;
  }
  process.stderr.write(
    `throughline: ${error instanceof Error ? (error.stack ?? error.message) : String(error)} [TL_INTERNAL]\n`,
  );
  return 1;
}
