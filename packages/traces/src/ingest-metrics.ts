import type { Counter, Histogram, Metrics } from "@throughline/api/metrics";
import type { Received } from "./ingest-history.ts";
import type { AppendOutcome, Origin, SpanEncoding, SpanSink } from "./sink.ts";

/** A commit of a disk takes milliseconds; a store that is behind, seconds. */
const durationBounds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** Counts what passes into a sink. */
export class CountingSink implements SpanSink {
  private readonly sink: SpanSink;
  private readonly counts: Readonly<
    Record<"accepted" | "rejected" | "stored" | "refused" | "malformed" | "bytes", Counter>
  >;
  private readonly tenants: Readonly<Record<"accepted" | "bytes" | "limited", Counter>>;
  private readonly durations: Histogram;
  /** Over all encodings and tenants. */
  private readonly sums = { spans: 0, bytes: 0, invalid: 0, refused: 0, malformed: 0, limited: 0 };

  constructor(sink: SpanSink, metrics: Metrics) {
    this.sink = sink;
    const counter = (name: string, help: string, label = "encoding") =>
      metrics.counter(`throughline_traces_${name}`, help, [label]);
    this.counts = {
      accepted: counter("spans_accepted_total", "Spans stored."),
      rejected: counter("spans_rejected_total", "Spans refused one by one for invalid ids."),
      stored: counter("batches_total", "Requests whose spans were stored."),
      refused: counter("batches_refused_total", "Requests refused as a whole."),
      malformed: counter("datagrams_malformed_total", "Datagrams that could not be read."),
      bytes: counter("received_bytes_total", "Bytes of requests after inflating."),
    };
    // What most senders use is there from the start: a rate sees the first of them.
    for (const one of Object.values(this.counts)) one.add(0, "protobuf");
    this.tenants = {
      accepted: counter(
        "tenant_spans_accepted_total",
        "Spans stored, by the tenant of the sender's token.",
        "tenant_id",
      ),
      bytes: counter(
        "tenant_received_bytes_total",
        "Bytes of those spans' requests after inflating.",
        "tenant_id",
      ),
      limited: counter(
        "rate_limited_total",
        "Requests refused because their token has sent as much as it may.",
        "tenant_id",
      ),
    };
    this.durations = metrics.histogram(
      "throughline_traces_append_duration_seconds",
      "Seconds until the spans of a request were stored.",
      ["encoding"],
      durationBounds,
    );
  }

  async append(pieces: readonly Uint8Array[], encoding: SpanEncoding, from: Origin): Promise<AppendOutcome> {
    const { counts, tenants, sums } = this;
    const bytes = pieces.reduce((sum, { length }) => sum + length, 0);
    counts.bytes.add(bytes, encoding);
    sums.bytes += bytes;
    const startedMs = performance.now();
    try {
      const outcome = await this.sink.append(pieces, encoding, from);
      this.durations.observe((performance.now() - startedMs) / 1_000, [encoding]);
      counts.stored.add(1, encoding);
      counts.accepted.add(outcome.accepted, encoding);
      counts.rejected.add(outcome.rejected, encoding);
      counts.malformed.add(outcome.malformed ?? 0, encoding);
      sums.spans += outcome.accepted;
      sums.invalid += outcome.rejected;
      sums.malformed += outcome.malformed ?? 0;
      const tenant = from === "kept" ? undefined : from.tenant;
      if (tenant !== undefined) {
        tenants.accepted.add(outcome.accepted, tenant);
        tenants.bytes.add(bytes, tenant);
      }
      return outcome;
    } catch (error) {
      counts.refused.add(1, encoding);
      sums.refused++;
      throw error;
    }
  }

  /** A request was refused because its sender is over its limits; tokens without a tenant are counted without one. */
  rateLimited({ tenant }: { tenant: string | undefined }): void {
    this.tenants.limited.add(1, tenant ?? "");
    this.sums.limited++;
  }

  /** What came in until now. */
  received(lostDatagrams: number): Received {
    const { spans, bytes, invalid, refused, malformed, limited } = this.sums;
    const dropped = {
      invalidSpans: invalid,
      refusedRequests: refused,
      limitedRequests: limited,
      lostDatagrams: lostDatagrams + malformed,
    };
    return { spans, bytes, dropped };
  }
}
