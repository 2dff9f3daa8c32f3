import { webhookAccepted, type Problem } from "@throughline/api";
import { randomBytes } from "node:crypto";
import { type Finding, fail, ok } from "../checks/finding.ts";
import { reasonOf } from "./jaeger-trace.ts";
import type { System } from "./system.ts";

/** What must never be seen again. Both spellings are hidden by the built-in rules: as a password in a text and as a token in a header. */
export interface Canaries {
  password: string;
  token: string;
}

export function newCanaries(): Canaries {
  return {
    password: `canary${randomBytes(9).toString("hex")}`,
    token: `canary${randomBytes(9).toString("hex")}`,
  };
}

export function newTicketId(): string {
  return `VERIFY-${randomBytes(4).toString("hex").toUpperCase()}`;
}

export interface Sent {
  finding: Finding;
  /** Where the ticket was accepted. */
  accepted: { jobId: string; traceId: string } | undefined;
}

const remedies: Readonly<Record<number, string>> = {
  401: "The secret is not the tenant's, or the tenant signs in another way than servicedesk-hmac (`throughline tenant show`).",
  404: "The receiver does not know the tenant: it runs on another --data or --postgres, or --url names another path.",
  422: "The tenant has a --preset or --mapping of its own: name a tenant that takes our own contract.",
  429: "The tenant's rate is used up, or this address sent too much that was wrong: wait a minute.",
  503: "The receiver cannot store jobs: see its /readyz, `throughline doctor` and docs/errors.md.",
};

/** Posts the test ticket as a desk would, with the signed demand for a sampled trace. */
export async function sendTicket(
  system: System,
  canaries: Canaries,
  version: string,
  signal: AbortSignal,
): Promise<Sent> {
  const { sign, signVerification, verificationHeader } = await import("@throughline/enhancer");
  const { webhook, secret, tenant, ticket } = system;
  const body = JSON.stringify({
    event: "ticket.created",
    ticket_id: ticket,
    tenant_id: tenant,
    description: `Test ticket of throughline verify, password=${canaries.password}, host 127.0.0.1`,
    priority: "critical",
    created_at: new Date().toISOString(),
  });
  const headers = {
    "content-type": "application/json",
    "user-agent": `throughline-verify/${version} (api_key=${canaries.token})`,
    "x-servicedesk-signature": sign(secret, body),
    [verificationHeader]: signVerification(secret, body),
  };
  const started = performance.now();
  let response: Response;
  let answer: unknown;
  try {
    response = await fetch(webhook, { method: "POST", headers, body, signal });
    answer = await response.json().catch(() => undefined);
  } catch (error) {
    const detail = `${webhook} does not answer (${reasonOf(error)})`;
    return {
      finding: fail("webhook", detail, "Start the receiver, or name its address with --url."),
      accepted: undefined,
    };
  }
  const accepted = webhookAccepted.safeParse(answer);
  if (response.status !== 202 || !accepted.success) return refused(webhook, response.status, answer);
  const took = Math.round(performance.now() - started);
  const { job_id: jobId, trace_id: traceId } = accepted.data;
  return { finding: ok("webhook", `202 after ${took} ms, job ${jobId}`), accepted: { jobId, traceId } };
}

function refused(url: string, status: number, answer: unknown): Sent {
  const { code, detail } = (typeof answer === "object" && answer !== null ? answer : {}) as Partial<Problem>;
  const said = [code, detail].filter((part) => part !== undefined).join(": ");
  const remedy =
    remedies[status] ?? "Is this the address of a receiver (`--url https://host/webhook/servicedesk`)?";
  const finding = fail("webhook", `${url} answered ${status}${said === "" ? "" : ` (${said})`}`, remedy);
  return { finding, accepted: undefined };
}
