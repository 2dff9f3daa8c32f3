import { ThroughlineError } from "@throughline/api/errors";
import type { FastifyReply } from "fastify";
import type { SpanRecord } from "../model.ts";

/** Some 300 MB. */
const spansAtMost = 400_000;

/**
 * How many spans answers hold until they were taken: a client that reads a large trace slowly holds it for as long. One answer is always
 * given, however large.
 */
export class SpanBudget {
  private held = 0;
  private readonly most: number;

  constructor(most = spansAtMost) {
    this.most = most;
  }

  /** Holds them until the answer was taken or its client has gone. Throws ThroughlineError TL_READS_OVERLOADED. */
  hold(reply: FastifyReply, traces: readonly (readonly SpanRecord[])[]): void {
    this.holdSpans(
      reply,
      traces.reduce((sum, { length }) => sum + length, 0),
    );
  }

  /** As `hold`. */
  holdSpans(reply: FastifyReply, spans: number): void {
    if (this.held > 0 && this.held + spans > this.most)
      throw new ThroughlineError(
        "TL_READS_OVERLOADED",
        "Answers of so many spans are being read at this moment that there is no room for another of this size.",
      );
    this.held += spans;
    reply.raw.once("close", () => (this.held -= spans));
  }
}
