import { z } from "zod";
import { type Finding, fail, ok, skip, warn } from "../checks/finding.ts";
import type { RunFile } from "../runtime/data-directory.ts";
import { clockFinding, dateAccuracyMs, httpClock } from "./check-clock.ts";
import type { Subject } from "./subject.ts";

const report = z.object({
  parts: z.record(z.string(), z.object({ status: z.string(), required: z.boolean(), detail: z.string() })),
});
/** Parts that a line of their own looks at more closely. */
const lookedAtElsewhere = new Set(["disk", "database", "tenantsKey"]);

/** What runs on the data directory, and what each role says of its parts. */
export async function checkRunning({ running, directory }: Subject): Promise<Finding[]> {
  if (running.length === 0) return [skip("roles", `nothing runs on ${directory}`)];
  const findings = await Promise.all(running.map((run) => roleFindings(run)));
  return [ok("roles", running.map(({ role, pid }) => `${role} (${pid})`).join(", ")), ...findings.flat()];
}

async function roleFindings({ role, addresses }: RunFile): Promise<Finding[]> {
  const { admin } = addresses;
  if (admin === undefined) return [];
  const id = `health.${role}`;
  try {
    const response = await fetch(`${admin}/readyz`, { signal: AbortSignal.timeout(4_000) });
    const { parts } = report.parse(await response.json());
    const wrong = Object.entries(parts).filter(
      ([name, { status }]) => (status === "failed" || status === "degraded") && !lookedAtElsewhere.has(name),
    );
    if (wrong.length === 0) return [ok(id, `${Object.keys(parts).length} parts are well`)];
    return wrong.map(([name, { status, required, detail }]) => {
      const remedy = "docs/health.md says what the part is; the lines below look at it more closely.";
      const said = `${name} is ${status}: ${detail}`;
      return status === "failed" && (required || name === "traceExport")
        ? fail(`${id}.${name}`, said, remedy)
        : warn(`${id}.${name}`, said, remedy);
    });
  } catch (error) {
    return [
      fail(
        id,
        `${admin} does not answer: ${String(error)}`,
        "The process hangs or is overloaded: see its log, then restart it.",
      ),
    ];
  }
}

/** Ports of a backend that answer over HTTP/1.1, and so with a `Date`, where its endpoint is gRPC's. */
const httpPorts = ["4318", "16686"];

/** The backend's clock: its spans are stored and searched by it. */
export async function checkBackendClock(endpoint: string | undefined): Promise<Finding[]> {
  if (endpoint === undefined) return [];
  const url = new URL(endpoint);
  const others = httpPorts.map((port) => `${url.protocol}//${url.hostname}:${port}`);
  for (const origin of [url.origin, ...others]) {
    const ahead = await httpClock(origin);
    if (ahead !== undefined) return [clockFinding("backend", ahead, dateAccuracyMs)];
  }
  return [];
}
