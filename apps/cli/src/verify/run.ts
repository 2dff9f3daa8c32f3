import { type Finding, fail, skip } from "../checks/finding.ts";
import { awaitJob } from "./await-job.ts";
import { awaitTrace, checkBackend } from "./await-trace.ts";
import { checkLogs, checkMetrics, checkRedaction } from "./check-rest.ts";
import { checkContract, checkSlowTag } from "./check-trace.ts";
import { newCanaries, sendTicket } from "./send-ticket.ts";
import { Questions, type System } from "./system.ts";

export interface Verified {
  findings: Finding[];
  traceId: string | undefined;
  jobId: string | undefined;
}

/**
 * One ticket through everything, and what came of it. Ends by itself when `signal` is aborted: what was not looked at by then is told
 * as a failure.
 */
export async function runVerification(
  system: System,
  version: string,
  signal: AbortSignal,
): Promise<Verified> {
  const questions = new Questions(system, signal);
  const canaries = newCanaries();
  const backend = await checkBackend(system, questions);
  if (backend.status === "fail") return { findings: [backend], traceId: undefined, jobId: undefined };
  const before = await questions.metrics();
  const { finding, accepted } = await sendTicket(system, canaries, version, signal);
  if (accepted === undefined) return { findings: [backend, finding], traceId: undefined, jobId: undefined };
  const { jobId, traceId } = accepted;
  const { finding: job, reached } = await awaitJob(system, questions, jobId, signal);
  const { finding: awaited, trace } = await awaitTrace(
    system,
    questions,
    traceId,
    { before, reached },
    signal,
  );
  const spans =
    trace === undefined
      ? [skip("spans", "there is no trace to look at"), skip("slow tag", "there is no trace to look at")]
      : [...checkContract(trace.spans, system), checkSlowTag(trace.spans, system.isOwnBackend)];
  const findings = [backend, finding, job, awaited, ...spans];
  if (signal.aborted) {
    const late = fail("time", "redaction, metrics and logs were not looked at: time was up", "Run it again.");
    return { findings: [...findings, late], traceId, jobId };
  }
  const logs = await checkLogs(system, questions, traceId, reached === "end", signal);
  const rest = [
    checkRedaction(trace, logs.text, canaries),
    await checkMetrics(system, questions, before, reached === "end", signal),
    logs.finding,
  ];
  return { findings: [...findings, ...rest], traceId, jobId };
}
