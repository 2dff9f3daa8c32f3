import { jobView, type JobView, queueStatus, type QueueStatus } from "@throughline/api";
import { z } from "zod";
import { fetchTrace, type FetchedTrace } from "./jaeger-trace.ts";

/** The admin address of one role. */
interface Admin {
  url: string;
  /** undefined: only what is told to everybody can be asked. */
  token: string | undefined;
  /** Keeps the spans that `System.jaeger` shows. */
  hasTraces: boolean;
}

/** What a verification talks to: addresses only, be they of this machine or of another. */
export interface System {
  /** Where the ticket is posted. */
  webhook: string;
  /** Base of Jaeger's HTTP API. */
  jaeger: { url: string; token: string | undefined };
  /** Whether that is the trace backend of this product on this data directory. */
  isOwnBackend: boolean;
  admins: readonly Admin[];
  tenant: string;
  secret: string;
  ticket: string;
  /** Whether a worker asked the desk, where the desk is ours. */
  deskWasAsked?: () => boolean;
  /** What was logged since the verification began, where the files can be read. */
  newLogText?: () => Promise<string>;
}

const healthReport = z.object({
  parts: z.record(z.string(), z.object({ status: z.string(), detail: z.string() })),
});
const logAnswer = z.object({ lines: z.array(z.record(z.string(), z.unknown())) });

/** Questions to the admin addresses of a system. What nobody answers is undefined. */
export class Questions {
  private readonly system: System;
  private readonly signal: AbortSignal;

  constructor(system: System, signal: AbortSignal) {
    this.system = system;
    this.signal = signal;
  }

  get hasToken(): boolean {
    return this.system.admins.some(({ token }) => token !== undefined);
  }

  trace(traceId: string): Promise<FetchedTrace | undefined> {
    const { url, token } = this.system.jaeger;
    return fetchTrace(url, traceId, token, this.signal);
  }

  async job(id: string): Promise<JobView | undefined> {
    return this.first(`/admin/api/jobs/${encodeURIComponent(id)}`, jobView);
  }

  async queue(): Promise<QueueStatus | undefined> {
    return this.first("/admin/api/queue", queueStatus);
  }

  /** Lines of a trace or ticket, of all roles. */
  async logs(subject: { trace: string } | { ticket: string }): Promise<z.infer<typeof logAnswer>["lines"]> {
    const query = new URLSearchParams(subject).toString();
    const answers = await this.each(`/admin/api/logs?${query}`, logAnswer);
    return answers.flatMap(({ lines }) => lines);
  }

  /** Each role's own view of its parts. */
  health(): Promise<z.infer<typeof healthReport>[]> {
    return this.each("/readyz", healthReport);
  }

  /** A metric's sum over all labels and roles. */
  async metrics(): Promise<ReadonlyMap<string, number>> {
    const sums = new Map<string, number>();
    for (const { url } of this.system.admins) {
      const text = await this.text(`${url}/metrics`, undefined);
      for (const line of text?.split("\n") ?? []) {
        const [, name, value] = /^([a-zA-Z_:][\w:]*)(?:\{.*\})? ([-+\d.eE]+)(?: |$)/.exec(line) ?? [];
        if (name !== undefined) sums.set(name, (sums.get(name) ?? 0) + Number(value));
      }
    }
    return sums;
  }

  private async first<T>(path: string, schema: z.ZodType<T>): Promise<T | undefined> {
    const [answer] = await this.each(path, schema);
    return answer;
  }

  private async each<T>(path: string, schema: z.ZodType<T>): Promise<T[]> {
    const answers: T[] = [];
    for (const { url, token } of this.system.admins) {
      if (token === undefined && path.startsWith("/admin/")) continue;
      const text = await this.text(url + path, token);
      const parsed = schema.safeParse(text === undefined ? undefined : jsonOf(text));
      if (parsed.success) answers.push(parsed.data);
    }
    return answers;
  }

  /** Whatever the status: `/readyz` answers 503 with its report. */
  private async text(url: string, token: string | undefined): Promise<string | undefined> {
    const headers: Record<string, string> = token === undefined ? {} : { authorization: `Bearer ${token}` };
    try {
      const response = await fetch(url, { headers, signal: this.signal });
      return await response.text();
    } catch {
      return undefined;
    }
  }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
