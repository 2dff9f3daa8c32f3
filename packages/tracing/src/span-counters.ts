/** Why spans never arrived. */
export interface DroppedSpans {
  queue_full: number;
  not_encodable: number;
  /** The receiver said no to the whole request. */
  refused: number;
  /** The receiver took the request but not these spans. */
  rejected: number;
  unreachable: number;
  shut_down: number;
  after_shutdown: number;
  spill_full: number;
  spill_failed: number;
}

/** Upper bounds of the durations of exports, in seconds. */
export const durationBounds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30] as const;

/** What happened to the spans of one queue since the start. */
export class SpanCounters {
  ended = 0;
  exported = 0;
  inFlight = 0;
  /** Written to the spill file; they are exported or dropped later. */
  spilled = 0;
  readonly dropped: DroppedSpans = {
    queue_full: 0,
    not_encodable: 0,
    refused: 0,
    rejected: 0,
    unreachable: 0,
    shut_down: 0,
    after_shutdown: 0,
    spill_full: 0,
    spill_failed: 0,
  };
  /** Export operations by duration; the last bucket is unbounded. */
  readonly durations: number[] = Array.from({ length: durationBounds.length + 1 }, () => 0);
  durationSum = 0;
  operationsFailed = 0;

  droppedInAll(): number {
    return Object.values(this.dropped).reduce((sum, count) => sum + count, 0);
  }

  operation(seconds: number, succeeded: boolean): void {
    const bucket = durationBounds.findIndex((bound) => seconds <= bound);
    const at = bucket === -1 ? durationBounds.length : bucket;
    this.durations[at] = (this.durations[at] ?? 0) + 1;
    this.durationSum += seconds;
    if (!succeeded) this.operationsFailed++;
  }
}
