import { ThroughlineError, traceSearchAnswer, traceView, type TraceView } from "@throughline/api";
import type { Command } from "commander";
import { type Flags, invalidSetting } from "../config.ts";
import { addressOfRunning, tokenOfRunning } from "../runtime/data-directory.ts";
import { refusedBy } from "../runtime/refused-by.ts";
import { renderWaterfall } from "../trace/waterfall.ts";
import { addSettings, dataDirectoryOf, printJson, textOf } from "./options.ts";
import type { CommandContext } from "./context.ts";

export function addTraceCommand(program: Command, context: CommandContext): void {
  const command = program
    .command("trace")
    .description("the waterfall of a ticket (its newest trace) or of a trace id")
    .argument("<id>")
    .option("--sort <ORDER>", "start or duration", "start")
    .option("--json", "print JSON");
  addSettings(command, ["data"]).action(async (id: string, flags: Flags) => {
    const order = flags["sort"];
    if (order !== "start" && order !== "duration")
      throw invalidSetting("--sort", String(order), "expected start or duration");
    const directory = dataDirectoryOf(flags, context, { orDemo: true });
    const console = addressOfRunning(directory, "console");
    if (console === undefined)
      throw new ThroughlineError("TL_NOT_RUNNING", "No trace backend runs on this data directory.");
    const found = await findTrace(console, id, tokenOfRunning(directory, "console"));
    if (found === undefined)
      throw new ThroughlineError("TL_TRACE_NOT_FOUND", `Nothing is stored for "${id}".`);
    if (flags["json"] === true) printJson(found);
    else
      process.stdout.write(
        renderWaterfall(found, {
          order,
          colour: hasColours(context),
          consoleUrl: addressOfRunning(directory, "console", "shown") ?? console,
          data: textOf(flags, "data"),
        }),
      );
  });
}

/** The newest trace of a ticket, or the trace of that id; undefined where there is none (yet). */
export async function findTrace(
  consoleUrl: string,
  id: string,
  token: string | undefined,
): Promise<TraceView | undefined> {
  const search = await get(
    `${consoleUrl}/api/throughline/traces?${new URLSearchParams({ q: id, limit: "1" }).toString()}`,
    token,
  );
  const traceId = search === undefined ? undefined : traceSearchAnswer.parse(search).traces[0]?.traceId;
  if (traceId === undefined) return undefined;
  const view = await get(`${consoleUrl}/api/throughline/traces/${traceId}`, token);
  return view === undefined ? undefined : traceView.parse(view);
}

async function get(url: string, token: string | undefined): Promise<unknown> {
  const headers: Record<string, string> = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const response = await fetch(url, { headers, signal: AbortSignal.timeout(30_000) }).catch(
    (cause: unknown) => {
      throw new ThroughlineError(
        "TL_NOT_RUNNING",
        `${new URL(url).origin} does not answer: ${String(cause)}`,
        {
          cause,
        },
      );
    },
  );
  if (response.status === 404) return undefined;
  const answer: unknown = await response.json();
  if (response.ok) return answer;
  throw refusedBy(new URL(url).origin, response.status, answer);
}

/** Colours for a terminal; NO_COLOR and FORCE_COLOR are heard. */
export function hasColours(context: CommandContext): boolean {
  if (context.environment["NO_COLOR"]) return false;
  return Boolean(context.environment["FORCE_COLOR"]) || process.stdout.isTTY;
}
