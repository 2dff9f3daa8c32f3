import type { Command } from "commander";
import { resolve } from "node:path";
import { countsOf, exitCodeOf } from "../checks/finding.ts";
import { findingsText } from "../checks/print.ts";
import { type Flags, settingNames } from "../config.ts";
import { runningInstances } from "../runtime/data-directory.ts";
import type { CommandContext } from "./context.ts";
import { addSettings, printJson, settingsOf } from "./options.ts";
import { hasColours } from "./trace.ts";

/** `doctor`: with the flags and the environment of a role it looks at what that role would meet. */
export function addDoctorCommand(program: Command, context: CommandContext): void {
  const doctor = program
    .command("doctor")
    .description("run the checklists: each line ok, warn or fail, with cause and remedy")
    .option("--json", "print JSON");
  addSettings(doctor, settingNames).action(async (flags: Flags) => {
    const settings = settingsOf(flags, context);
    const { readMetrics } = await import("../doctor/subject.ts");
    const { runDoctor } = await import("../doctor/run.ts");
    // Not made and not repaired: its permissions are looked at as they are.
    const directory = resolve(settings.data);
    const running = runningInstances(directory);
    const { environment } = context;
    const metrics = await readMetrics(running);
    const findings = await runDoctor({ settings, environment, directory, running, metrics });
    process.exitCode = exitCodeOf(findings);
    if (flags["json"] === true)
      return printJson({
        ok: exitCodeOf(findings) === 0,
        data: directory,
        counts: countsOf(findings),
        checks: findings,
      });
    process.stdout.write(
      `throughline doctor: ${directory}\n\n${findingsText(findings, hasColours(context))}`,
    );
  });
}
