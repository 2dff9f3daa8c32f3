/** What was promised and not kept, told at once and again in the report. */
export class Violations {
  readonly list: string[] = [];

  add(text: string): void {
    if (this.list.includes(text)) return;
    this.list.push(text);
    process.stderr.write(`VIOLATED: ${text}\n`);
  }
}

export interface EndedJob {
  state: string;
  status: string | null;
  reason: string | null;
}

/** What is wrong with how a ticket ended, given the notes that its request has on the desk; undefined: nothing. */
export function wrongEnd({ state, status, reason }: EndedJob, notes: number): string | undefined {
  if (notes > 1) return `it has ${notes} notes`;
  const hasReason = reason !== null && reason !== "";
  if (state === "dead") return hasReason ? undefined : "it is a dead letter without a reason";
  if (status === "skipped") {
    if (notes !== 0) return "it was skipped and has a note";
    return hasReason ? undefined : "it was skipped without a reason";
  }
  if (status === null) return "it is done and does not say how it ended";
  return notes === 1 ? undefined : `it is ${state} (${status}) and has no note`;
}

/** Latencies with when they were measured, seconds since the start; nothing that was measured while a part was away or stalled. */
export class Latencies {
  private readonly all: { at: number; ms: number }[] = [];

  add(at: number, ms: number): void {
    this.all.push({ at, ms });
  }

  get count(): number {
    return this.all.length;
  }

  /** Of the first and of the last third of the time. */
  thirds(seconds: number): [first: number[], last: number[]] {
    const within = (from: number, to: number) =>
      this.all.filter(({ at }) => at >= from && at < to).map(({ ms }) => ms);
    return [within(0, seconds / 3), within((seconds * 2) / 3, Infinity)];
  }
}
