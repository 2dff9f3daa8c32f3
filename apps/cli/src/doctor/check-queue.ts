import { probeQueue } from "@throughline/enhancer/inspect";
import { type Finding, fail, ok, warn } from "../checks/finding.ts";
import { messageOf } from "./check-stores.ts";
import type { OpenedStore, Subject } from "./subject.ts";

const lookedAt = 200;
const oldMs = 300_000;

/** The queue, and whether traces go through it. */
export async function checkQueue(
  { metrics }: Subject,
  { queue, noteSwitch }: OpenedStore,
): Promise<Finding[]> {
  try {
    const findings = [await propagation(queue)];
    const { paused, pausedTenants, waiting, dead, oldestWaitingMs } = await queue.status();
    if (paused || pausedTenants.length > 0)
      findings.push(
        warn(
          "queue.paused",
          paused ? "no job is taken" : `no job of ${pausedTenants.join(", ")} is taken`,
          "throughline queue resume",
        ),
      );
    if (dead > 0)
      findings.push(
        warn(
          "queue.dead",
          `${dead} jobs are in the dead letter`,
          "`throughline jobs list --state dead` says why; `jobs retry` or `discard`.",
        ),
      );
    const isOld = oldestWaitingMs !== null && oldestWaitingMs > oldMs;
    if (isOld)
      findings.push(
        warn(
          "queue.age",
          `the oldest of ${waiting} waiting jobs waits ${Math.round(oldestWaitingMs / 1_000)} s`,
          "More workers or --concurrency; a desk or model that is slow or away?",
        ),
      );
    const workers = metrics.reduce((sum, role) => sum + (role.sums.get("worker_active_count") ?? 0), 0);
    if (metrics.length > 0 && workers === 0 && waiting > 0)
      findings.push(
        fail(
          "queue.workers",
          `${waiting} jobs wait and no worker runs on this data directory`,
          "Start `throughline worker`.",
        ),
      );
    if (!(await noteSwitch.isOn()))
      findings.push(warn("notes", "notes are switched off: every ticket is skipped", "throughline notes on"));
    if (findings.length === 1) findings.push(ok("queue", `${waiting} jobs wait, none is dead`));
    return findings;
  } catch (error) {
    return [
      fail(
        "queue",
        messageOf(error),
        "See docs/errors.md for the code; check --redis and the data directory.",
      ),
    ];
  }
}

/** A probe through the queue itself, and what the stored jobs say. */
async function propagation(queue: OpenedStore["queue"]): Promise<Finding> {
  const id = "propagation";
  const { sent, came } = await probeQueue(queue);
  if (came !== sent)
    return fail(
      id,
      `a trace context went into the ${queue.system} queue and ${came ?? "none"} came out`,
      "Versions of the roles differ, or somebody else writes to the queue.",
    );
  const jobs = await queue.list({ limit: lookedAt });
  const without = jobs.filter(({ traceId }) => traceId === null || /^0*$/.test(traceId));
  if (without.length > 0)
    return warn(
      id,
      `${without.length} of the last ${jobs.length} jobs carry no trace: their worker's spans are in traces of their own`,
      "The receiver that queued them had OTEL_SDK_DISABLED, or is another version.",
    );
  const stored = jobs.length === 0 ? "no job is stored" : `the last ${jobs.length} jobs carry one`;
  return ok(id, `a trace context goes through the ${queue.system} queue and comes out of it; ${stored}`);
}
