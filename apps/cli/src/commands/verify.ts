import { ThroughlineError } from "@throughline/api";
import { type Command, Option } from "commander";
import { writeFileSync } from "node:fs";
import { countsOf, exitCodeOf, type Finding, fail } from "../checks/finding.ts";
import { junitOf } from "../checks/junit.ts";
import { findingsText } from "../checks/print.ts";
import { type Flags, invalidSetting, missingSetting } from "../config.ts";
import { parseAddress, readArgument } from "../runtime/address.ts";
import { eraseTrace } from "../verify/end-trace.ts";
import { localSystem, withTenant } from "../verify/local-system.ts";
import { runVerification, type Verified } from "../verify/run.ts";
import { newTicketId } from "../verify/send-ticket.ts";
import type { System } from "../verify/system.ts";
import { addTemporaryTenant } from "../verify/temporary-tenant.ts";
import { version } from "../version.ts";
import { addSettings, dataDirectoryOf, printJson, storeSettings, textOf } from "./options.ts";
import type { CommandContext } from "./context.ts";
import { withStore } from "./store.ts";
import { hasColours } from "./trace.ts";

/** Looking ends here, so that tidying up has its time. */
const workMs = 23_000;
/** Whatever hangs, the command has ended by then. */
const limitMs = 29_500;

/** `verify`: one test ticket through everything, as the guide's test_tracing.sh did by hand. */
export function addVerifyCommand(program: Command, context: CommandContext): void {
  const verify = program
    .command("verify")
    .description("send a test ticket through the real path and check its trace; ends within 30 s")
    .option("--url <URL>", "the webhook of a system elsewhere; --tenant and --secret-file say who signs")
    .option("--tenant <ID>", "with --url: a tenant of that system")
    .option("--secret-file <FILE>", "with --url: holds the tenant's webhook secret")
    .option("--ticket <ID>", "with --url: a ticket that the tenant's desk has")
    .option("--jaeger <URL>", "where the trace is looked for: any backend with Jaeger's HTTP API")
    .option("--jaeger-token-file <FILE>", "holds the bearer token for --jaeger")
    .option("--admin-url <URLS>", "with --url: admin addresses of its roles, for metrics, job and logs")
    .option(
      "--token-file <FILE>",
      "with --admin-url: holds a token with the scope read; admin erases the trace",
    )
    .option("--desk-listen <HOST:PORT>", "where the built-in desk listens", "127.0.0.1:0")
    .option(
      "--desk-url <URL>",
      "what the worker calls the built-in desk by, where it runs on another machine",
    )
    .option("--keep-trace", "leave the trace to be looked at")
    .addOption(new Option("--junit <FILE>", "write the checks as JUnit XML, too"))
    .option("--json", "print JSON");
  addSettings(verify, storeSettings).action((flags: Flags) => runVerify(flags, context));
}

async function runVerify(flags: Flags, context: CommandContext): Promise<void> {
  const started = performance.now();
  const stopping = new AbortController();
  const timer = setTimeout(() => stopping.abort(), workMs);
  const watchdog = setTimeout(() => {
    process.stderr.write("throughline: the verification was cut after 30 s\n");
    process.exit(1);
  }, limitMs);
  let interrupted = false;
  const interrupt = () => {
    interrupted = true;
    stopping.abort();
  };
  process.on("SIGINT", interrupt).on("SIGTERM", interrupt);
  try {
    const remote = await remoteSystem(flags);
    const verified =
      remote === undefined
        ? await verifyHere(flags, context, stopping.signal)
        : await verifyThere(remote, flags, stopping.signal);
    if (interrupted) {
      process.stderr.write("throughline: interrupted; what was made is removed\n");
      process.exitCode = 130;
      return;
    }
    tell(verified, (performance.now() - started) / 1_000, flags, context);
  } finally {
    clearTimeout(timer);
    clearTimeout(watchdog);
    process.off("SIGINT", interrupt).off("SIGTERM", interrupt);
  }
}

type Outcome = Verified & { system: System | undefined };

/** The roles on this data directory, with a tenant of its own. */
async function verifyHere(flags: Flags, context: CommandContext, signal: AbortSignal): Promise<Outcome> {
  const directory = dataDirectoryOf(flags, context, { orDemo: true });
  const listen = parseAddress(textOf(flags, "deskListen") ?? "");
  if (listen === undefined)
    throw invalidSetting("--desk-listen", textOf(flags, "deskListen"), "expected HOST:PORT");
  let outcome: Outcome = { findings: [], traceId: undefined, jobId: undefined, system: undefined };
  try {
    const parts = localSystem(directory, await jaegerOf(flags));
    await withStore(
      flags,
      context,
      async (store) => {
        const tenant = await addTemporaryTenant(store, { listen, url: urlOf(flags, "deskUrl") });
        const system = withTenant(parts, tenant);
        const verified = await runVerification(system, version, signal).catch(unexpected(signal));
        // In this order: a worker that has the job in hand makes no more spans.
        const removed = await tenant.remove();
        const findings = [...verified.findings, removed, ...(await endTrace(system, verified, flags))];
        outcome = { ...verified, system, findings };
      },
      { orDemo: true },
    );
  } catch (error) {
    if (!(error instanceof ThroughlineError) || error.code !== "TL_NOT_RUNNING") throw error;
    outcome.findings.push(fail("running", error.message, "throughline up, or receiver, worker and traces."));
  }
  return outcome;
}

/** A tenant of a system elsewhere. What it keeps of the ticket is its own to remove, but for job and trace. */
async function verifyThere(system: System, flags: Flags, signal: AbortSignal): Promise<Outcome> {
  const verified = await runVerification(system, version, signal).catch(unexpected(signal));
  const findings = [...verified.findings, ...(await endTrace(system, verified, flags))];
  return { ...verified, system, findings };
}

async function endTrace(system: System, { traceId }: Verified, flags: Flags): Promise<Finding[]> {
  return traceId === undefined ? [] : [await eraseTrace(system, flags["keepTrace"] === true)];
}

/** A check that is cut off by the deadline says so; anything else is told as it is, after tidying up. */
function unexpected(signal: AbortSignal): (error: unknown) => Verified {
  return (error) => {
    const detail = signal.aborted ? "it was cut off" : error instanceof Error ? error.message : String(error);
    const finding = fail("verification", detail, "Run it again; see `throughline doctor`.");
    return { findings: [finding], traceId: undefined, jobId: undefined };
  };
}

async function remoteSystem(flags: Flags): Promise<System | undefined> {
  const given = urlOf(flags, "url");
  if (given === undefined) {
    const stray = ["tenant", "secretFile", "ticket", "adminUrl", "tokenFile"].find(
      (name) => textOf(flags, name) !== undefined,
    );
    if (stray === undefined) return undefined;
    throw new ThroughlineError(
      "TL_USAGE",
      "--tenant, --secret-file, --ticket, --admin-url and --token-file are of use with --url only.",
    );
  }
  const [tenant, secret] = [textOf(flags, "tenant"), await fileOf(flags, "secretFile")];
  if (tenant === undefined) throw missingSetting("--tenant");
  if (secret === undefined) throw missingSetting("--secret-file");
  const webhook = new URL(given);
  if (webhook.pathname === "/") webhook.pathname = "/webhook/servicedesk";
  const token = await fileOf(flags, "tokenFile");
  const admins = (textOf(flags, "adminUrl") ?? "").split(",").filter((url) => url.trim() !== "");
  const jaeger = await jaegerOf(flags);
  return {
    webhook: webhook.href,
    jaeger: { url: jaeger.url ?? `${webhook.protocol}//${webhook.hostname}:16686`, token: jaeger.token },
    isOwnBackend: false,
    admins: admins.map((url) => {
      const checked = httpUrl("--admin-url", url.trim());
      return { url: checked, token, hasTraces: token !== undefined };
    }),
    tenant,
    secret,
    ticket: textOf(flags, "ticket") ?? newTicketId(),
  };
}

async function jaegerOf(flags: Flags): Promise<{ url: string | undefined; token: string | undefined }> {
  return { url: urlOf(flags, "jaeger"), token: await fileOf(flags, "jaegerTokenFile") };
}

async function fileOf(flags: Flags, name: string): Promise<string | undefined> {
  const file = textOf(flags, name);
  return file === undefined ? undefined : (await readArgument(`@${file}`)).trim();
}

function urlOf(flags: Flags, name: "url" | "jaeger" | "deskUrl"): string | undefined {
  const text = textOf(flags, name);
  return text === undefined ? undefined : httpUrl(name === "deskUrl" ? "--desk-url" : `--${name}`, text);
}

function httpUrl(flag: string, text: string): string {
  if (!URL.canParse(text) || !/^https?:$/.test(new URL(text).protocol))
    throw invalidSetting(flag, text, "expected an http or https address");
  return text.replace(/\/+$/, "");
}

function tell(
  { findings, traceId, system }: Outcome,
  seconds: number,
  flags: Flags,
  context: CommandContext,
): void {
  const junit = textOf(flags, "junit");
  if (junit !== undefined) writeJunit(junit, findings, seconds);
  process.exitCode = exitCodeOf(findings);
  if (flags["json"] === true)
    return printJson({
      ok: exitCodeOf(findings) === 0,
      tenant: system?.tenant ?? null,
      ticket: system?.ticket ?? null,
      traceId: traceId ?? null,
      seconds: Number(seconds.toFixed(2)),
      counts: countsOf(findings),
      checks: findings,
    });
  if (system !== undefined)
    process.stdout.write(
      `throughline verify: ticket ${system.ticket} of ${system.tenant}, trace ${traceId ?? "-"}\n\n`,
    );
  process.stdout.write(findingsText(findings, hasColours(context)));
  process.stdout.write(`${seconds.toFixed(1)} s\n`);
}

function writeJunit(file: string, findings: readonly Finding[], seconds: number): void {
  try {
    writeFileSync(file, junitOf("throughline verify", findings, seconds));
  } catch (cause) {
    throw invalidSetting("--junit", file, `the file cannot be written (${String(cause)})`);
  }
}
