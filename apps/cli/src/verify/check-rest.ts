import { setTimeout as sleep } from "node:timers/promises";
import { type Finding, fail, ok, skip } from "../checks/finding.ts";
import type { FetchedTrace } from "./jaeger-trace.ts";
import type { Canaries } from "./send-ticket.ts";
import type { Questions, System } from "./system.ts";

const pollMs = 200;
const patienceMs = 3_000;

/** Polls what follows a moment after the job has ended (`mayFollow`): counters and lines are written then. */
async function eventually<T>(
  read: () => Promise<T>,
  isEnough: (value: T) => boolean,
  mayFollow: boolean,
  signal: AbortSignal,
): Promise<T> {
  const startedMs = performance.now();
  for (;;) {
    const value = await read();
    if (isEnough(value) || !mayFollow || signal.aborted || performance.now() - startedMs > patienceMs)
      return value;
    await sleep(pollMs, undefined, { signal }).catch(() => undefined);
  }
}

const counted = ["enhancement_requests_total", "enhancement_duration_seconds_count"] as const;

/** Whether the figures of tickets moved with this one. */
export async function checkMetrics(
  system: System,
  questions: Questions,
  before: ReadonlyMap<string, number>,
  mayFollow: boolean,
  signal: AbortSignal,
): Promise<Finding> {
  const id = "metrics";
  if (system.admins.length === 0) return skip(id, "no admin address is known: name --admin-url");
  const isMoved = (after: ReadonlyMap<string, number>, name: string) =>
    (after.get(name) ?? 0) > (before.get(name) ?? 0);
  const after = await eventually(
    () => questions.metrics(),
    (now) => counted.every((name) => isMoved(now, name)),
    mayFollow,
    signal,
  );
  const still = counted.filter((name) => !isMoved(after, name));
  if (after.size === 0)
    return fail(
      id,
      `${system.admins.map(({ url }) => url).join(", ")} gives no metrics`,
      "Check the admin address (`--admin`, default 127.0.0.1:8001).",
    );
  return still.length === 0
    ? ok(id, `${counted.join(" and ")} moved`)
    : fail(
        id,
        `${still.join(" and ")} did not move`,
        "No ticket ended, or the worker's admin address is not among those that were asked.",
      );
}

type Lines = readonly Record<string, unknown>[];

export interface CheckedLogs {
  finding: Finding;
  /** All that was found. */
  text: string;
}

/** Whether the lines of the trace name ticket, tenant and trace. */
export async function checkLogs(
  system: System,
  questions: Questions,
  traceId: string,
  mayFollow: boolean,
  signal: AbortSignal,
): Promise<CheckedLogs> {
  const id = "logs";
  if (!questions.hasToken)
    return {
      finding: skip(id, "nobody was asked: name --admin-url and --token-file to have them looked at"),
      text: "",
    };
  const isOurs = (line: Record<string, unknown>) =>
    line["ticket_id"] === system.ticket && line["tenant_id"] === system.tenant;
  const ofTrace = await eventually<Lines>(
    () => questions.logs({ trace: traceId }),
    (lines) => lines.some(isOurs),
    mayFollow,
    signal,
  );
  const ofTicket = await questions.logs({ ticket: system.ticket });
  const text = JSON.stringify([ofTrace, ofTicket]) + ((await system.newLogText?.()) ?? "");
  const joined = ofTrace.filter(isOurs);
  const finding =
    joined.length > 0
      ? ok(id, `${joined.length} lines carry trace_id, ticket_id and tenant_id of the ticket`)
      : fail(
          id,
          `no line carries the trace ${traceId} with its ticket`,
          "The roles keep their lines elsewhere: DIR/logs is not theirs, is full, or --log-keep is over.",
        );
  return { finding, text };
}

/** Whether what was planted is seen anywhere. */
export function checkRedaction(
  trace: FetchedTrace | undefined,
  logs: string,
  { password, token }: Canaries,
): Finding {
  const id = "redaction";
  const planted = [
    ["the password in the ticket's text", password],
    ["the key in the User-Agent header", token],
  ] as const;
  const places = [
    ["the trace", trace?.text ?? ""],
    ["the logs", logs],
  ] as const;
  const seen = places.flatMap(([place, text]) =>
    planted.filter(([, secret]) => text.includes(secret)).map(([what]) => `${what} stands in ${place}`),
  );
  if (seen.length > 0)
    return fail(
      id,
      seen.join("; "),
      "Check --redaction-rules of the roles and of the backend (an allowKeys too many?): `throughline redact check`.",
    );
  if (trace === undefined) return skip(id, "there is no trace to look at");
  return trace.text.includes("[REDACTED]") || trace.text.includes("[HMAC:")
    ? ok(id, "two planted secrets are neither in the trace nor in the logs")
    : fail(
        id,
        "nothing in the trace was redacted, though secrets were planted",
        "Is this the trace of this ticket?",
      );
}
