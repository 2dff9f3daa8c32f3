import type { AppendOutcome, SpanEncoding, SpanSink } from "./sink.ts";
import type { EngineStats } from "./threads/engine.ts";

/** Counts what passes into a sink. */
export class CountingSink implements SpanSink {
  private readonly sink: SpanSink;
  private readonly counts = { accepted: 0, rejected: 0, stored: 0, refused: 0, bytes: 0 };

  constructor(sink: SpanSink) {
    this.sink = sink;
  }

  async append(pieces: readonly Uint8Array[], encoding: SpanEncoding): Promise<AppendOutcome> {
    for (const { length } of pieces) this.counts.bytes += length;
    try {
      const outcome = await this.sink.append(pieces, encoding);
      this.counts.stored++;
      this.counts.accepted += outcome.accepted;
      this.counts.rejected += outcome.rejected;
      return outcome;
    } catch (error) {
      this.counts.refused++;
      throw error;
    }
  }

  /** Prometheus' text format. */
  text({ logBytes, rows, blocks, blockBytes }: EngineStats): string {
    const { accepted, rejected, stored, refused, bytes } = this.counts;
    const lines = [
      ...metric("counter", "spans_accepted_total", "Spans stored.", accepted),
      ...metric("counter", "spans_rejected_total", "Spans refused one by one for invalid ids.", rejected),
      ...metric("counter", "batches_total", "Requests whose spans were stored.", stored),
      ...metric("counter", "batches_refused_total", "Requests refused as a whole.", refused),
      ...metric("counter", "received_bytes_total", "Bytes of requests after inflating.", bytes),
      ...metric("gauge", "wal_bytes", "Size of the write-ahead log.", logBytes),
      ...metric("gauge", "spans_in_memory", "Spans that are not in a block yet.", rows),
      ...metric("gauge", "blocks", "Sealed blocks.", blocks),
      ...metric("gauge", "block_bytes", "Size of the sealed blocks.", blockBytes),
    ];
    return `${lines.join("\n")}\n`;
  }
}

function metric(type: "counter" | "gauge", name: string, help: string, value: number): string[] {
  const full = `throughline_traces_${name}`;
  return [`# HELP ${full} ${help}`, `# TYPE ${full} ${type}`, `${full} ${value}`];
}
