import { ThroughlineError } from "@throughline/api";
import type { Command } from "commander";
import { join } from "node:path";
import type { Flags } from "../config.ts";
import { elsewhere, type LogLine, readLogs } from "../logs/read-logs.ts";
import type { CommandContext } from "./context.ts";
import { addSettings, dataDirectoryOf, printJson } from "./options.ts";

export function addLogsCommand(program: Command, context: CommandContext): void {
  const command = program
    .command("logs")
    .description("log lines of a ticket, a trace or a job, oldest first")
    .argument("<id>", "ticket id, trace id or job id")
    .option("--json", "print JSON");
  addSettings(command, ["data"]).action(async (id: string, flags: Flags) => {
    const directory = join(dataDirectoryOf(flags, context, { orDemo: true }), "logs");
    const lines = await readLogs(directory, { any: id });
    if (flags["json"] === true) return printJson({ lines, elsewhere: elsewhere(directory) });
    if (lines.length === 0)
      throw new ThroughlineError("TL_LOGS_NOT_FOUND", `There is no line of "${id}". ${elsewhere(directory)}`);
    for (const line of lines) process.stdout.write(`${shown(line)}\n`);
  });
}

/** Who says what, and then the rest. */
function shown({ time, level, role, pid, msg, trace_id: _t, span_id: _s, ...rest }: LogLine): string {
  const details = Object.entries(rest).map(([key, value]) => {
    const text = typeof value === "string" ? value : JSON.stringify(value);
    return `${key}=${/[\s"]/.test(text) ? JSON.stringify(text) : text}`;
  });
  return [time, String(level).padEnd(5), `${String(role)}/${String(pid)}`, String(msg), ...details].join(" ");
}
