import type { Command } from "commander";
import { readModelSettings, readSettings, settingNames } from "../config.ts";
import { join } from "node:path";
import { openDataDirectory } from "../runtime/data-directory.ts";
import type { Role } from "../runtime/instance.ts";
import { addSettings } from "./options.ts";
import type { CommandContext } from "./context.ts";

const roles: readonly [Role, string][] = [
  ["up", "receiver, worker and trace backend in one process"],
  ["receiver", "take webhooks and queue their tickets"],
  ["worker", "take jobs, write notes"],
  ["traces", "the trace backend: OTLP in, Jaeger's API and the console out"],
];

export function addServeCommands(program: Command, context: CommandContext): void {
  const demo = program
    .command("demo")
    .description("up, with a simulated desk, a sample tenant and three tickets");
  addSettings(demo, settingNames).action(async (flags: Record<string, unknown>) => {
    const { runDemo } = await import("../demo/demo.ts");
    await runDemo(flags, context);
  });
  for (const [role, description] of roles) {
    addSettings(program.command(role).description(description), settingNames).action((flags) =>
      serve(role, flags, context),
    );
  }
}

async function serve(role: Role, flags: Record<string, unknown>, context: CommandContext): Promise<void> {
  const settings = readSettings(flags, context.environment);
  const models = readModelSettings(context.environment);
  const { createLogger } = await import("../runtime/logger.ts");
  const logger = createLogger(role, undefined, {
    directory: join(openDataDirectory(settings.data), "logs"),
    keepMs: settings.logKeep,
    maxBytes: settings.logBytes,
  });
  const instance = await context.startInstance({
    role,
    settings,
    environment: context.environment,
    models,
    logger,
  });
  process.stdout.write(`throughline ${role} is ready, data in ${instance.directory}\n`);
  for (const [part, address] of Object.entries(instance.addresses))
    process.stdout.write(`  ${part.padEnd(9)} ${address}\n`);
  if (role === "up" || role === "worker") {
    process.stdout.write(
      `  notes are written by ${models.length === 0 ? "the extractive writer: OPENAI_API_KEY is not set" : models.map(({ model }) => model).join(", where it fails ")}\n`,
    );
  }
  const { runUntilStopped } = await import("../runtime/run-until-stopped.ts");
  await runUntilStopped(() => instance.stop(), logger);
}
