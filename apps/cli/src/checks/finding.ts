/** What one check of `verify` or `doctor` found. */
export interface Finding {
  /** The same in each run: `trace`, `otlp.endpoint`. */
  id: string;
  /** `skip`: could not be looked at, which is no fault; `detail` says why. */
  status: "ok" | "warn" | "fail" | "skip";
  /** What was seen, or what is the cause. */
  detail: string;
  /** What to do; where something is to be done. */
  remedy?: string;
}

export function ok(id: string, detail: string): Finding {
  return { id, status: "ok", detail };
}

export function warn(id: string, detail: string, remedy: string): Finding {
  return { id, status: "warn", detail, remedy };
}

export function fail(id: string, detail: string, remedy: string): Finding {
  return { id, status: "fail", detail, remedy };
}

export function skip(id: string, detail: string): Finding {
  return { id, status: "skip", detail };
}

/** 1 where something failed; warnings are no failure. */
export function exitCodeOf(findings: readonly Finding[]): 0 | 1 {
  return findings.some(({ status }) => status === "fail") ? 1 : 0;
}

export function countsOf(findings: readonly Finding[]): Record<Finding["status"], number> {
  const counts = { ok: 0, warn: 0, fail: 0, skip: 0 };
  for (const { status } of findings) counts[status]++;
  return counts;
}
