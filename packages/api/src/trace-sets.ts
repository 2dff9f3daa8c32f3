import { z } from "zod";

/** What several traces have in common, and what tells some of them from the rest. */

const count = z.number().int().nonnegative();

export const callStructure = z.object({
  traces: count,
  spans: count,
  /** More was found than is looked at in one answer: traces beyond `limit`, spans beyond 200,000, or paths beyond 5,000. */
  isPartial: z.boolean(),
  /** Of whole traces; null where there is none. */
  p50Ns: z.number().nullable(),
  p95Ns: z.number().nullable(),
  /** Spans that have service and name in common, and so have all above them; a caller before what it calls. */
  nodes: z.array(
    z.object({
      /** Index of the caller; -1 for a root. */
      parent: z.number().int(),
      service: z.string(),
      name: z.string(),
      /** In how many of the traces. */
      traces: count,
      spans: count,
      errors: count,
      totalNs: z.number(),
      selfNs: z.number(),
      /** Of single spans. */
      p50Ns: z.number(),
      p95Ns: z.number(),
    }),
  ),
});
export type CallStructure = z.infer<typeof callStructure>;

export const traceDifferences = z.object({
  /** How many traces are of the selection, how many of the rest. */
  selected: count,
  rest: count,
  spans: count,
  /** More was found than is looked at in one answer: traces beyond `limit`, spans beyond 200,000, or pairs beyond 100,000. */
  isPartial: z.boolean(),
  /** Of a selection of slow traces: how long one must take to be of it; null otherwise. */
  slowerThanNs: z.number().nullable(),
  /** The most telling first. Shares are of the traces in which some span, or its resource, has the attribute with this value. */
  attributes: z.array(
    z.object({
      /** An attribute's key, or `:service`, `:name`, `:statusMessage`. */
      key: z.string(),
      value: z.string(),
      selected: count,
      rest: count,
      selectedShare: z.number(),
      restShare: z.number(),
    }),
  ),
});
export type TraceDifferences = z.infer<typeof traceDifferences>;
