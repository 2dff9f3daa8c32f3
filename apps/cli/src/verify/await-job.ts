import type { JobView } from "@throughline/api";
import { setTimeout as sleep } from "node:timers/promises";
import { type Finding, fail, ok, skip } from "../checks/finding.ts";
import type { Questions, System } from "./system.ts";

const pollMs = 100;
/** A worker that is free takes a job at once. */
const untakenMs = 6_000;
/** Before that nobody is asked why a job waits. */
const patienceMs = 1_500;
/** A worker asks the desk first of all. */
const deskUnaskedMs = 5_000;
/** A note that takes longer is not waited for: there must be time for the rest. */
const endWithinMs = 14_000;
const id = "job";

export interface AwaitedJob {
  finding: Finding;
  /** How far it came: spans that follow from more are not waited for. */
  reached: "nothing" | "attempt" | "end";
}

/** Waits until the job has ended, or until it is plain that it will not in time. */
export async function awaitJob(
  system: System,
  questions: Questions,
  jobId: string,
  signal: AbortSignal,
): Promise<AwaitedJob> {
  if (!questions.hasToken) {
    const finding = skip(id, "nobody was asked: name --admin-url and --token-file to have it looked at");
    return { finding, reached: "end" };
  }
  const startedMs = performance.now();
  let job: JobView | undefined;
  for (;;) {
    job = await questions.job(jobId);
    const waitedMs = performance.now() - startedMs;
    if (job === undefined && waitedMs > untakenMs) {
      const remedy = "The admin address belongs to another system than the webhook.";
      return { finding: fail(id, `no role knows the job ${jobId}`, remedy), reached: "nothing" };
    }
    if (job !== undefined) {
      const finding = await verdictOf(job, waitedMs, system, questions);
      if (finding !== undefined) return finding;
    }
    if (signal.aborted || waitedMs > endWithinMs) break;
    await sleep(pollMs, undefined, { signal }).catch(() => undefined);
  }
  const detail = `it has not ended in ${endWithinMs / 1_000} s: its state is ${job?.state ?? "unknown"}`;
  const remedy = "A model or desk may be slow: `throughline jobs show` and the trace's longest span tell.";
  return { finding: fail(id, detail, remedy), reached: "nothing" };
}

/** undefined while it may still end well. */
async function verdictOf(
  job: JobView,
  waitedMs: number,
  system: System,
  questions: Questions,
): Promise<AwaitedJob | undefined> {
  if (job.state === "done" || job.state === "dead" || (job.state === "waiting" && job.attempts > 0))
    return ended(job, waitedMs);
  if (job.state === "waiting" && waitedMs > patienceMs) {
    const finding = await untaken(questions, waitedMs);
    return finding && { finding, reached: "nothing" };
  }
  const isUnasked = job.state === "active" && waitedMs > deskUnaskedMs && system.deskWasAsked?.() === false;
  return isUnasked ? { finding: deskUnreached, reached: "nothing" } : undefined;
}

const deskUnreached = fail(
  id,
  "a worker has the job but did not reach the built-in desk",
  "Let the worker reach this machine: --desk-listen says where the desk listens, --desk-url what the worker calls it by.",
);

function ended(job: JobView, waitedMs: number): AwaitedJob {
  const { state, status, reason, attempts } = job;
  const said = reason === null ? "" : `: ${reason}`;
  if (state === "done" && status === "success")
    return { finding: ok(id, `success after ${(waitedMs / 1_000).toFixed(1)} s`), reached: "end" };
  if (state === "done") {
    const remedy =
      status === "partial"
        ? "Something that the note is made of does not answer: the line says what (`throughline doctor`)."
        : "The ticket was not to be enhanced: the line says why.";
    const finding = fail(id, `it ended as ${status ?? "unknown"}${said}`, remedy);
    return { finding, reached: status === "partial" ? "end" : "attempt" };
  }
  const what = state === "dead" ? "it failed for good" : `attempt ${attempts} failed`;
  const remedy =
    "The line says what was refused: the desk, its key, or the way there (`throughline doctor`).";
  return { finding: fail(id, what + said, remedy), reached: "attempt" };
}

/** Why nobody takes it; undefined while there is hope. */
async function untaken(questions: Questions, waitedMs: number): Promise<Finding | undefined> {
  const queue = await questions.queue();
  if (queue?.paused === true)
    return fail(id, "nobody takes it: the queue is paused", "`throughline queue resume` lets it go on.");
  const metrics = await questions.metrics();
  if (metrics.size > 0 && (metrics.get("worker_active_count") ?? 0) === 0)
    return fail(
      id,
      "nobody takes it: no worker runs among the roles that were asked",
      "Start `throughline worker` (or `up`) on the same queue.",
    );
  if (waitedMs < untakenMs) return undefined;
  return fail(
    id,
    `nobody took it in ${untakenMs / 1_000} s: ${queue?.active ?? "?"} jobs are under way, ${queue?.waiting ?? "?"} wait`,
    "The workers are busy or hang: more workers, more --concurrency, or `throughline doctor`.",
  );
}
