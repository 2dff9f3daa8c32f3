import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { type Finding, fail, ok } from "../checks/finding.ts";
import type { AwaitedJob } from "./await-job.ts";
import { isWhole } from "./check-trace.ts";
import type { FetchedTrace } from "./jaeger-trace.ts";
import type { Questions, System } from "./system.ts";

const pollMs = 250;
/** Spans leave every 5 s (OTEL_BSP_SCHEDULE_DELAY), with the next batch at the latest. */
const patienceMs = 12_000;
/** An export that fails has failed by then. */
const exportedMs = 6_000;
const id = "trace";

/** Whether there is a backend at all: nothing is sent where nothing could be seen. */
export async function checkBackend(system: System, questions: Questions): Promise<Finding> {
  const { url } = system.jaeger;
  try {
    await questions.trace(randomBytes(16).toString("hex"));
    return ok("backend", `${url} answers as Jaeger's HTTP API does`);
  } catch (error) {
    return fail("backend", messageOf(error), startRemedy);
  }
}

const startRemedy =
  "Start the trace backend, or name its address with --jaeger (Jaeger's HTTP API, port 16686).";

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

export interface AwaitedTrace {
  finding: Finding;
  /** What there is of it. */
  trace: FetchedTrace | undefined;
}

/** Polls until every span of the contract is there; gives up after two batches. */
export async function awaitTrace(
  system: System,
  questions: Questions,
  traceId: string,
  { before, reached }: { before: ReadonlyMap<string, number>; reached: AwaitedJob["reached"] },
  signal: AbortSignal,
): Promise<AwaitedTrace> {
  const { url } = system.jaeger;
  if (/^0*$/.test(traceId)) {
    const remedy = "The receiver makes no spans: unset OTEL_SDK_DISABLED.";
    return { finding: fail(id, "the webhook was answered without a trace id", remedy), trace: undefined };
  }
  const startedMs = performance.now();
  let trace: FetchedTrace | undefined;
  let failure: string | undefined;
  while (!signal.aborted && performance.now() - startedMs < patienceMs) {
    try {
      trace = (await questions.trace(traceId)) ?? trace;
      failure = undefined;
    } catch (error) {
      failure = messageOf(error);
    }
    if (trace !== undefined && isWhole(trace.spans, reached)) break;
    if (performance.now() - startedMs > exportedMs && (await failedExport(questions)) !== undefined) break;
    await sleep(pollMs, undefined, { signal }).catch(() => undefined);
  }
  if (trace !== undefined) {
    const count = `${trace.spans.length} spans of ${traceId} in ${url}`;
    return { finding: ok(id, count), trace };
  }
  if (failure !== undefined) return { finding: fail(id, failure, startRemedy), trace };
  return { finding: await whyMissing(questions, before, `${traceId} is not in ${url}`), trace };
}

async function whyMissing(
  questions: Questions,
  before: ReadonlyMap<string, number>,
  what: string,
): Promise<Finding> {
  const failed = await failedExport(questions);
  if (failed !== undefined)
    return fail(
      id,
      `${what}: ${failed.detail}`,
      "The roles do not reach their trace backend: check OTEL_EXPORTER_OTLP_ENDPOINT and _PROTOCOL (`throughline doctor`).",
    );
  const name = "otel_sdk_exporter_span_exported_total";
  const after = await questions.metrics();
  if (!after.has(name))
    return fail(id, what, "See whether the roles export their spans to this backend (`throughline doctor`).");
  return (after.get(name) ?? 0) > (before.get(name) ?? 0)
    ? fail(
        id,
        `${what}, though spans were exported: they go to another backend`,
        "OTEL_EXPORTER_OTLP_ENDPOINT of the roles and --jaeger must name the same backend.",
      )
    : fail(
        id,
        `${what}: the roles exported no span`,
        "Unset OTEL_TRACES_EXPORTER=none, and keep OTEL_BSP_SCHEDULE_DELAY under 10 s.",
      );
}

/** What a role says that cannot send its spans. */
async function failedExport(questions: Questions): Promise<{ detail: string } | undefined> {
  const parts = (await questions.health()).map((report) => report.parts["traceExport"]);
  return parts.find((part) => part?.status === "failed");
}
