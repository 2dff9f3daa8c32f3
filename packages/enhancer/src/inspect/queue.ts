import { randomBytes } from "node:crypto";
import type { JobQueue } from "../queue/queue.ts";

/** Nobody's: its jobs are for no worker. */
const nobody = "throughline-doctor";
const notBeforeMs = 86_400_000;

/**
 * Stores a job that is not to be taken before tomorrow, reads it back, and removes it. Returns the trace that went in and the one that came
 * out. Throws TL_QUEUE_UNAVAILABLE.
 */
export async function probeQueue(
  queue: Pick<JobQueue, "enqueue" | "show" | "eraseTenant">,
): Promise<{ sent: string; came: string | null }> {
  // What a probe before this one left, if it was killed.
  await queue.eraseTenant(nobody);
  const sent = randomBytes(16).toString("hex");
  const traceparent = `00-${sent}-${randomBytes(8).toString("hex")}-01`;
  try {
    const { jobId } = await queue.enqueue({
      deliveryId: sent,
      delayMs: notBeforeMs,
      ticket: {
        tenantId: nobody,
        ticketId: "PROBE",
        event: "probe",
        description: "A probe of the queue.",
        priority: "low",
        createdAt: new Date().toISOString(),
      },
      carrier: { traceparent, tracestate: "", traceStartMs: Date.now() },
    });
    return { sent, came: (await queue.show(jobId)).traceId };
  } finally {
    await queue.eraseTenant(nobody);
  }
}
