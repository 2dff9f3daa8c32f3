import { createHmac } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { secret } from "../processes.ts";
import { type EndedJob, Latencies, type Violations, wrongEnd } from "./ledger.ts";
import { deskKey, type System, tenant } from "./parts.ts";

interface Ticket {
  id: string;
  jobId: string;
}

const texts = [
  "VPN certificate expired, the client cannot connect since this morning.",
  "Outlook asks for the password again and again after the change of yesterday.",
  "The printer on floor 3 prints blank pages; restarting it did not help.",
  "A laptop does not wake up when the lid is opened, the fan runs.",
];

/** Tickets as a desk sends them: again until they are accepted, some of them twice; and what became of each. */
export class Tickets {
  readonly latencies = new Latencies();
  readonly ends = new Map<string, number>();
  accepted = 0;
  repeated = 0;
  /** Deliveries that were not answered, or refused for now, and sent again. */
  sentAgain = 0;
  private next = 0;
  private readonly system: System;
  private readonly violations: Violations;
  private readonly isCalm: () => boolean;
  private open: Ticket[] = [];
  private readonly ended: Ticket[] = [];
  private readonly underWay = new Set<Promise<void>>();
  private readonly stopped = new AbortController();

  constructor(system: System, violations: Violations, isCalm: () => boolean) {
    this.system = system;
    this.violations = violations;
    this.isCalm = isCalm;
  }

  get unended(): number {
    return this.open.length;
  }

  /** One more ticket; `at` is in seconds since the start. */
  send(at: number): void {
    const delivery = this.deliver(this.next++, at).finally(() => this.underWay.delete(delivery));
    this.underWay.add(delivery);
  }

  /** No more is sent again; what is under way is waited for. */
  async stopSending(): Promise<void> {
    this.stopped.abort();
    await Promise.all(this.underWay);
  }

  private async deliver(number: number, at: number): Promise<void> {
    const id = `SOAK-${number}`;
    const body = JSON.stringify({
      event: "ticket.created",
      ticket_id: id,
      tenant_id: tenant,
      description: `${texts[number % texts.length]} (10.0.${(number >> 8) % 250}.${number % 250})`,
      priority: ["low", "medium", "high", "critical"][number % 4],
      created_at: new Date().toISOString(),
    });
    for (let attempt = 1; !this.stopped.signal.aborted; attempt++) {
      const wasCalm = this.isCalm();
      const began = performance.now();
      const answer = await this.post(body);
      if (answer.jobId === undefined) {
        if (answer.status !== undefined && answer.status < 500 && answer.status !== 429)
          return this.violations.add(`ticket ${id} was answered ${answer.status}: ${answer.text}`);
        this.sentAgain++;
        await sleep(500);
        continue;
      }
      if (attempt === 1 && wasCalm && this.isCalm()) this.latencies.add(at, performance.now() - began);
      this.accepted++;
      this.open.push({ id, jobId: answer.jobId });
      if (number % 50 === 0) {
        const again = await this.post(body);
        if (again.jobId === undefined) return;
        this.repeated++;
        if (again.jobId !== answer.jobId)
          this.violations.add(`ticket ${id}, delivered twice, is job ${answer.jobId} and ${again.jobId}`);
      }
      return;
    }
  }

  private async post(body: string): Promise<{ jobId?: string; status?: number; text?: string }> {
    const signature = createHmac("sha256", secret).update(body).digest("hex");
    try {
      const response = await fetch(`${this.system.at.webhook}/webhook/servicedesk`, {
        method: "POST",
        headers: { "content-type": "application/json", "x-servicedesk-signature": `sha256=${signature}` },
        body,
        signal: AbortSignal.timeout(30_000),
      });
      const text = await response.text();
      if (response.status !== 202) return { status: response.status, text };
      return { jobId: (JSON.parse(text) as { job_id: string }).job_id };
    } catch {
      return {};
    }
  }

  /** Looks at so many tickets that have not ended, and again at some that have. */
  async check(most: number, again: number, random: (limit: number) => number): Promise<void> {
    const looked = this.open.splice(0, most);
    const states = await Promise.all(looked.map((ticket) => this.look(ticket)));
    for (const [at, isEnded] of states.entries()) {
      const ticket = looked[at];
      if (ticket !== undefined) (isEnded ? this.ended : this.open).push(ticket);
    }
    for (let left = Math.min(again, this.ended.length); left > 0; left--) {
      const ticket = this.ended[random(this.ended.length)];
      if (ticket !== undefined) await this.lookAgain(ticket);
    }
  }

  /** Every ticket that ended, once more: none has got a second note meanwhile. */
  async checkAll(): Promise<number> {
    let seen = 0;
    for (let from = 0; from < this.ended.length; from += 16) {
      const counts = await Promise.all(
        this.ended.slice(from, from + 16).map((ticket) => this.lookAgain(ticket)),
      );
      seen += counts.filter(Boolean).length;
    }
    return seen;
  }

  tellUnended(seconds: number): void {
    for (const { id, jobId } of this.open)
      this.violations.add(`ticket ${id}, job ${jobId} has not ended ${seconds} s after the last was sent`);
  }

  /** True: it ended, rightly or not. False: it has not, or nobody could say. */
  private async look({ id, jobId }: Ticket): Promise<boolean> {
    const token = this.system.receiver.running?.token;
    if (token === undefined) return false;
    const headers = { authorization: `Bearer ${token}` };
    const job = await answered(`${this.system.at.admin}/admin/api/jobs/${jobId}`, headers);
    if (job?.status === 404) {
      this.violations.add(`ticket ${id} was accepted as job ${jobId}, which is not known`);
      return true;
    }
    if (job?.status !== 200) return false;
    const end = job.body as EndedJob;
    if (end.state !== "done" && end.state !== "dead") return false;
    const notes = await this.notesOf(id);
    if (notes === undefined) return false;
    const wrong = wrongEnd(end, notes);
    if (wrong !== undefined) this.violations.add(`ticket ${id}, job ${jobId}: ${wrong}`);
    const name = end.state === "dead" ? "dead letter, with its reason" : String(end.status);
    this.ends.set(name, (this.ends.get(name) ?? 0) + 1);
    return true;
  }

  private async lookAgain({ id }: Ticket): Promise<boolean> {
    const notes = await this.notesOf(id);
    if (notes !== undefined && notes > 1) this.violations.add(`ticket ${id}: it has ${notes} notes`);
    return notes !== undefined;
  }

  /** Undefined where the desk gave no right answer. */
  private async notesOf(id: string): Promise<number | undefined> {
    const url = `${this.system.at.desk}/api/v3/requests/${id}/notes`;
    const answer = await answered(url, { authtoken: deskKey });
    const { notes } = (answer?.body ?? {}) as { notes?: unknown };
    return answer?.status === 200 && Array.isArray(notes) ? notes.length : undefined;
  }
}

async function answered(
  url: string,
  headers: Record<string, string>,
): Promise<{ status: number; body: unknown } | undefined> {
  try {
    const response = await fetch(url, { headers, signal: AbortSignal.timeout(10_000) });
    return { status: response.status, body: await response.json() };
  } catch {
    return undefined;
  }
}
