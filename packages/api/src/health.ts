/** `unknown`: nothing was asked of it yet. */
export type HealthStatus = "ok" | "degraded" | "failed" | "unknown";

export interface PartHealth {
  status: HealthStatus;
  /** Whether this process is of no use without it. */
  required: boolean;
  /** Since when it has this status, as far as was seen. */
  since: string;
  /** How old this knowledge is, milliseconds; null where there is none. */
  ageMs: number | null;
  detail: string;
}

export interface HealthReport {
  /** `failed`: a part that is required is; `degraded`: any other one is, or works badly. */
  status: Exclude<HealthStatus, "unknown">;
  since: string;
  parts: Readonly<Record<string, PartHealth>>;
}

/** What a check or an observation says. */
export interface Finding {
  status: HealthStatus;
  detail: string;
}

interface Part extends Finding {
  required: boolean;
  sinceMs: number;
  seenAtMs: number | undefined;
  /** undefined: it is heard of as it is used. */
  check: (() => Promise<Finding> | Finding) | undefined;
}

const checkWithinMs = 2_000;

/** The state of everything that a process depends on: asked when somebody wants to know, or seen as it is used. */
export class Health {
  private readonly parts = new Map<string, Part>();
  private readonly nowMs: () => number;
  private readonly tell: (part: string, finding: Finding) => void;
  private overall: { status: HealthReport["status"]; sinceMs: number } | undefined;

  /** `tell`: called once for each time that a part fails, and once when it is well again. */
  constructor(tell: (part: string, finding: Finding) => void = () => {}, nowMs: () => number = Date.now) {
    this.tell = tell;
    this.nowMs = nowMs;
  }

  /** A part that can be asked. A check that throws or takes over 2 s says that the part failed. */
  checked(name: string, required: boolean, check: () => Promise<Finding> | Finding): void {
    this.parts.set(name, { ...this.fresh(required, "not asked yet"), check });
  }

  /** What was just seen of a part that is not asked for the sake of asking. It is never required. */
  observe(name: string, finding: Finding): void {
    const part = this.parts.get(name) ?? { ...this.fresh(false, ""), check: undefined };
    this.parts.set(name, part);
    this.see(name, part, finding);
  }

  /** Asks every part that can be asked, all at once. */
  async report(): Promise<HealthReport> {
    await Promise.all(
      [...this.parts].map(async ([name, part]) => {
        if (part.check !== undefined) this.see(name, part, await outcomeOf(part.check));
      }),
    );
    const now = this.nowMs();
    const all = [...this.parts.values()];
    const isFailed = all.some(({ required, status }) => required && status === "failed");
    const isDegraded = all.some(({ status }) => status === "failed" || status === "degraded");
    const status = isFailed ? "failed" : isDegraded ? "degraded" : "ok";
    if (this.overall?.status !== status) this.overall = { status, sinceMs: now };
    return {
      status,
      since: timeOf(this.overall.sinceMs),
      parts: Object.fromEntries(
        [...this.parts].map(([name, part]) => [
          name,
          {
            status: part.status,
            required: part.required,
            since: timeOf(part.sinceMs),
            ageMs: part.seenAtMs === undefined ? null : now - part.seenAtMs,
            detail: part.detail,
          },
        ]),
      ),
    };
  }

  private fresh(required: boolean, detail: string) {
    return { status: "unknown", detail, required, sinceMs: this.nowMs(), seenAtMs: undefined } as const;
  }

  private see(name: string, part: Part, finding: Finding): void {
    const before = part.status;
    part.seenAtMs = this.nowMs();
    part.detail = finding.detail;
    if (before === finding.status) return;
    part.status = finding.status;
    part.sinceMs = part.seenAtMs;
    if (finding.status === "failed" || before === "failed") this.tell(name, finding);
  }
}

async function outcomeOf(check: () => Promise<Finding> | Finding): Promise<Finding> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<Finding>((resolve) => {
    const detail = `no answer within ${checkWithinMs / 1_000} s`;
    timer = setTimeout(() => resolve({ status: "failed", detail }), checkWithinMs);
  });
  try {
    return await Promise.race([check(), late]);
  } catch (error) {
    return { status: "failed", detail: error instanceof Error ? error.message : String(error) };
  } finally {
    clearTimeout(timer);
  }
}

function timeOf(ms: number): string {
  return new Date(ms).toISOString();
}
