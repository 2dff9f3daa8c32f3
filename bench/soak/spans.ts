import { setTimeout as sleep } from "node:timers/promises";
import { type Violations } from "./ledger.ts";
import type { System } from "./parts.ts";

export const spansOfTrace = 12;
const tracesOfRequest = 4;
export const spansOfRequest = spansOfTrace * tracesOfRequest;
export const service = "soak-shop";
const operations = ["GET /cart", "checkout", "charge", "reserve", "notify", "render"];

/** Spans of other services, as their exporters send them: again until they are acknowledged; and whether each can be read. */
export class Spans {
  /** Numbers of the traces that were acknowledged. */
  readonly acknowledged: number[] = [];
  sentAgain = 0;
  read = 0;
  private next = 0;
  private readonly system: System;
  private readonly violations: Violations;
  /** Tells the traces of this run from others in the same store. */
  private readonly prefix: string;
  private readonly underWay = new Set<Promise<void>>();
  private readonly stopped = new AbortController();

  constructor(system: System, violations: Violations, seed: number) {
    this.system = system;
    this.violations = violations;
    this.prefix = (seed + 1).toString(16).padStart(8, "0");
  }

  send(): void {
    const first = this.next;
    this.next += tracesOfRequest;
    const request = this.deliver(first).finally(() => this.underWay.delete(request));
    this.underWay.add(request);
  }

  async stopSending(): Promise<void> {
    this.stopped.abort();
    await Promise.all(this.underWay);
  }

  /** The number stands at the end, so that it can be read back; before it, bits that look like any. */
  traceId(number: number): string {
    const mixed = (Math.imul(number + 1, 0x9e3779b1) >>> 0).toString(16).padStart(8, "0");
    return `${this.prefix}${mixed}${number.toString(16).padStart(16, "0")}`;
  }

  private async deliver(first: number): Promise<void> {
    const numbers = Array.from({ length: tracesOfRequest }, (_, at) => first + at);
    const body = JSON.stringify(this.request(numbers));
    while (!this.stopped.signal.aborted) {
      try {
        const response = await fetch(`${this.system.at.otlpHttp}/v1/traces`, {
          method: "POST",
          headers: { "content-type": "application/json" },
          body,
          signal: AbortSignal.timeout(30_000),
        });
        const text = await response.text();
        if (response.status === 200) {
          if (/"rejectedSpans":"?[1-9]/.test(text)) this.violations.add(`spans were rejected: ${text}`);
          else this.acknowledged.push(...numbers);
          return;
        }
        if (response.status < 500 && response.status !== 429)
          return this.violations.add(`spans were answered ${response.status}: ${text}`);
      } catch {
        // Nobody acknowledged it.
      }
      this.sentAgain++;
      await sleep(500);
    }
  }

  private request(numbers: readonly number[]) {
    const nowNs = BigInt(Date.now()) * 1_000_000n;
    const text = (key: string, stringValue: string) => ({ key, value: { stringValue } });
    const spans = numbers.flatMap((number) =>
      Array.from({ length: spansOfTrace }, (_, at) => {
        const start = nowNs - 500_000_000n + BigInt(at) * 3_000_000n;
        return {
          traceId: this.traceId(number),
          spanId: spanId(number, at),
          ...(at === 0 ? {} : { parentSpanId: spanId(number, at > 6 ? at - 6 : 0) }),
          name: operations[at % operations.length],
          kind: (at % 5) + 1,
          startTimeUnixNano: String(start),
          endTimeUnixNano: String(start + BigInt(((number * 7 + at * 13) % 400) + 1) * 1_000_000n),
          attributes: [
            text("order.id", `order-${number}`),
            text("tenant.id", `shop-${number % 20}`),
            text("http.route", `/orders/${at}`),
            { key: "items", value: { intValue: String(number % 9) } },
          ],
          status: number % 40 === 0 && at === 3 ? { code: 2, message: "card declined" } : {},
        };
      }),
    );
    const resource = { attributes: [text("service.name", service), text("service.version", "3.1.4")] };
    return { resourceSpans: [{ resource, scopeSpans: [{ scope: { name: "soak" }, spans }] }] };
  }

  /** Reads so many traces that were acknowledged: some of the last, some of all. */
  async check(many: number, random: (limit: number) => number): Promise<void> {
    const all = this.acknowledged.length;
    for (let left = all > 0 ? many : 0; left > 0; left--) {
      const recent = Math.max(0, all - 400);
      const number = this.acknowledged[left % 2 === 0 ? random(all) : recent + random(all - recent)];
      if (number !== undefined) await this.readTrace(number);
    }
  }

  private async readTrace(number: number): Promise<void> {
    let text: string;
    let status: number;
    try {
      const response = await fetch(`${this.system.at.console}/api/traces/${this.traceId(number)}`, {
        signal: AbortSignal.timeout(30_000),
      });
      status = response.status;
      text = await response.text();
    } catch {
      return;
    }
    if (status === 404) return this.violations.add(`trace ${this.traceId(number)} is lost`);
    if (status !== 200) return;
    this.read++;
    for (let at = 0; at < spansOfTrace; at++)
      if (!text.includes(`"spanID":"${spanId(number, at)}"`))
        this.violations.add(`span ${spanId(number, at)} of trace ${this.traceId(number)} is lost`);
  }

  /** Every span that was acknowledged is looked for in an export of all; how many were found. */
  async checkAll(): Promise<number> {
    const seen = new Uint16Array(this.next);
    const url = new URL("/api/throughline/export", this.system.at.console);
    url.search = new URLSearchParams({ format: "ndjson", service }).toString();
    const response = await fetch(url);
    if (response.status !== 200 || response.body === null)
      throw new Error(`the export was answered ${response.status}: ${await response.text()}`);
    let rest = "";
    const idsOfLine = /"traceId":"([0-9a-f]{32})".*?"spanId":"([0-9a-f]{16})"/;
    for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
      const lines = (rest + chunk).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) {
        const [, traceId = "", id = ""] = idsOfLine.exec(line) ?? [];
        if (!traceId.startsWith(this.prefix)) continue;
        const number = Number.parseInt(traceId.slice(16), 16);
        seen[number] = (seen[number] ?? 0) | (1 << Number.parseInt(id.slice(14), 16));
      }
    }
    let found = 0;
    for (const number of this.acknowledged) {
      const bits = seen[number] ?? 0;
      for (let at = 0; at < spansOfTrace; at++) {
        if ((bits & (1 << at)) !== 0) found++;
        else this.violations.add(`span ${spanId(number, at)} of trace ${this.traceId(number)} is lost`);
      }
    }
    return found;
  }
}

function spanId(trace: number, at: number): string {
  return `${(trace + 1).toString(16).padStart(14, "0")}${at.toString(16).padStart(2, "0")}`;
}
