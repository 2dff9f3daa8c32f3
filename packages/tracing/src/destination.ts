import type { SpanBatch } from "./encode/span-batch.ts";
import type { SendOutcome as WireOutcome } from "./export/transport.ts";

/**
 * What became of a batch; `spilled`: it is on disk and will be sent later, which is then told too;
 * `spill_full`: spans had to go for want of room in the file; `spill_failed`: the file could not be written or read.
 */
export type SendOutcome =
  | WireOutcome
  | { kind: "spilled" }
  | { kind: "spill_full" }
  | { kind: "spill_failed"; reason: string };

/** Where batches go: an OTLP receiver, or an exporter of the SDK. */
export interface Destination<B extends SpanBatch> {
  /** Requests at a time. */
  readonly parallel: number;
  newBatch(): B;
  /** Never rejects for what a receiver does. `deadlineMs` is an epoch time. */
  send(batch: B, deadlineMs: number, isSlow: (traceId: string) => boolean): Promise<SendOutcome>;
  /** Who wants to hear of batches that were spilled and then sent or lost. */
  onLateOutcome?(report: (outcome: SendOutcome, count: number) => void): void;
  close(): Promise<void>;
}
