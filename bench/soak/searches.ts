import { Latencies, type Violations } from "./ledger.ts";
import type { System } from "./parts.ts";
import { service, type Spans } from "./spans.ts";

const lookBackMs = 900_000;

/** What people and dashboards ask meanwhile, one after the other; whether what they ask for is there. */
export class Searches {
  readonly latencies = new Latencies();
  asked = 0;
  /** Not answered, or by an error of the server, while no part was away or stalled. */
  readonly failed: string[] = [];
  private readonly system: System;
  private readonly spans: Spans;
  private readonly violations: Violations;
  private readonly isCalm: () => boolean;

  constructor(system: System, spans: Spans, violations: Violations, isCalm: () => boolean) {
    this.system = system;
    this.spans = spans;
    this.violations = violations;
    this.isCalm = isCalm;
  }

  /** `at` is in seconds since the start. */
  async ask(at: number, random: (limit: number) => number): Promise<void> {
    const { path, of, find, isSearch } = this.next(random);
    const token = of === "admin" ? this.system.receiver.running?.token : undefined;
    const wasCalm = this.isCalm();
    const began = performance.now();
    let status: number | undefined;
    let text = "";
    try {
      const response = await fetch(`${this.system.at[of]}${path}`, {
        headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
        signal: AbortSignal.timeout(30_000),
      });
      status = response.status;
      text = await response.text();
    } catch {
      // Counted below.
    }
    this.asked++;
    const isCalm = wasCalm && this.isCalm();
    if (status !== 200) {
      if (isCalm) this.failed.push(`${path}: ${status ?? "no answer"}`);
      return;
    }
    if (find !== undefined && !text.includes(find))
      this.violations.add(`a search does not find trace ${find}, which was acknowledged: ${path}`);
    if (isCalm && isSearch) this.latencies.add(at, performance.now() - began);
  }

  private next(random: (limit: number) => number): {
    path: string;
    of: keyof System["at"];
    find?: string;
    isSearch?: boolean;
  } {
    const nowMs = Date.now();
    const start = String((nowMs - lookBackMs) * 1_000);
    const end = String((nowMs + 60_000) * 1_000);
    const jaeger = (query: Record<string, string>) =>
      `/api/traces?${new URLSearchParams({ service, start, end, limit: "20", ...query }).toString()}`;
    const { acknowledged } = this.spans;
    const number = acknowledged[Math.max(0, acknowledged.length - 1 - random(2_000))];
    const kinds = [
      () => {
        if (number === undefined) return { path: "/api/services", of: "console" as const };
        const tags = JSON.stringify({ "order.id": `order-${number}` });
        return {
          path: jaeger({ tags }),
          of: "console" as const,
          find: this.spans.traceId(number),
          isSearch: true,
        };
      },
      () => ({ path: jaeger({ minDuration: "380ms" }), of: "console" as const, isSearch: true }),
      () => ({ path: jaeger({ operation: "checkout" }), of: "console" as const, isSearch: true }),
      () => ({ path: jaeger({ tags: '{"error":"true"}' }), of: "console" as const, isSearch: true }),
      () => ({ path: "/api/throughline/traces?limit=20", of: "console" as const, isSearch: true }),
      () => ({ path: `/api/services/${service}/operations`, of: "console" as const }),
      () => ({ path: "/api/throughline/red", of: "console" as const }),
      () => ({ path: "/api/throughline/service-calls", of: "console" as const }),
      () => ({ path: "/admin/api/jobs?limit=50", of: "admin" as const }),
      () => ({ path: "/admin/api/queue", of: "admin" as const }),
      () => ({ path: "/metrics", of: "admin" as const }),
      () => ({ path: "/metrics", of: "tracesAdmin" as const }),
    ];
    const made = kinds[this.asked % kinds.length];
    return made === undefined ? { path: "/api/services", of: "console" } : made();
  }
}
