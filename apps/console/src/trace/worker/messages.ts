import type { StructureColumns, TraceHead } from "@throughline/api/trace-columns";
import type { Analysis } from "./analysis.ts";
import type { CallGraph } from "./call-graph.ts";
import type { CallTree } from "./call-tree.ts";
import type { ClockSkew } from "./clock-skew.ts";
import type { SpanDetails } from "./span-details.ts";
import type { Grouping, SpanGroup } from "./statistics.ts";

/** A trace as the page has it: what is needed to draw it. The rest stays with the worker. */
export interface OpenedTrace {
  /** Of this reading; details of an earlier one are gone. */
  reading: number;
  head: TraceHead;
  structure: StructureColumns;
  analysis: Analysis;
  skews: ClockSkew[];
}

/** A reading with its clocks set: nanoseconds to add to the times of each; none: as recorded. */
export interface Shifted {
  reading: number;
  shifts: readonly number[];
}

/** What the page asks its worker, and what that answers. */
export interface Calls {
  open: { ask: { traceId: string }; answer: OpenedTrace };
  analysis: { ask: Shifted; answer: Analysis };
  span: { ask: { reading: number; at: number }; answer: SpanDetails };
  find: { ask: { reading: number; text: string }; answer: Int32Array };
  statistics: { ask: Shifted & { grouping: Grouping }; answer: SpanGroup[] };
  /** Keys of attributes. */
  keys: { ask: { reading: number }; answer: string[] };
  callTree: { ask: Shifted; answer: CallTree };
  callGraph: { ask: Shifted & { most: number }; answer: CallGraph };
}
export type CallName = keyof Calls;

export type ToWorker =
  | { [Name in CallName]: { id: number; name: Name; ask: Calls[Name]["ask"] } }[CallName]
  | { cancel: number };

/** An error as it travels: `status` as of ApiError. */
export interface WorkerFailure {
  status: number;
  message: string;
  code?: string | undefined;
  remedy?: string | undefined;
  isAbort?: boolean | undefined;
}

export type FromWorker = { id: number; value: unknown } | { id: number; failure: WorkerFailure };
