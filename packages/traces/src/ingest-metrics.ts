import type { Metrics } from "@throughline/api/metrics";
import type { AppendOutcome, SpanEncoding, SpanSink } from "./sink.ts";
import type { EngineStats } from "./threads/engine.ts";

interface Counts {
  accepted: number;
  rejected: number;
  stored: number;
  refused: number;
  malformed: number;
  bytes: number;
}

/** Counts what passes into a sink. */
export class CountingSink implements SpanSink {
  private readonly sink: SpanSink;
  private readonly counts = new Map<string, Counts>();

  constructor(sink: SpanSink) {
    this.sink = sink;
  }

  async append(pieces: readonly Uint8Array[], encoding: SpanEncoding): Promise<AppendOutcome> {
    const counts = this.of(encoding);
    for (const { length } of pieces) counts.bytes += length;
    try {
      const outcome = await this.sink.append(pieces, encoding);
      counts.stored++;
      counts.accepted += outcome.accepted;
      counts.rejected += outcome.rejected;
      counts.malformed += outcome.malformed ?? 0;
      return outcome;
    } catch (error) {
      counts.refused++;
      throw error;
    }
  }

  /** What came in, and what the store made of it; its figures are at most a second old. */
  register(metrics: Metrics, stats: () => EngineStats, lostDatagrams: () => number): void {
    this.of("protobuf");
    const counted = (name: string, help: string, of: keyof Counts): void =>
      metrics.counted(`throughline_traces_${name}`, help, ["encoding"], () =>
        Array.from(this.counts, ([encoding, counts]) => [[encoding], counts[of]]),
      );
    const gauge = (name: string, help: string, of: keyof EngineStats): void =>
      metrics.gauge(`throughline_traces_${name}`, help, [], () => [[[], stats()[of]]]);
    counted("spans_accepted_total", "Spans stored.", "accepted");
    counted("spans_rejected_total", "Spans refused one by one for invalid ids.", "rejected");
    counted("batches_total", "Requests whose spans were stored.", "stored");
    counted("batches_refused_total", "Requests refused as a whole.", "refused");
    counted("datagrams_malformed_total", "Datagrams that could not be read.", "malformed");
    counted("received_bytes_total", "Bytes of requests after inflating.", "bytes");
    metrics.counted(
      "throughline_traces_datagrams_lost_total",
      "Datagrams for which there was no room.",
      [],
      () => [[[], lostDatagrams()]],
    );
    gauge("wal_bytes", "Size of the write-ahead log.", "logBytes");
    gauge("spans_in_memory", "Spans that are not in a block yet.", "rows");
    gauge("blocks", "Sealed blocks.", "blocks");
    gauge("block_bytes", "Size of the sealed blocks.", "blockBytes");
  }

  private of(encoding: SpanEncoding): Counts {
    let counts = this.counts.get(encoding);
    if (counts === undefined) {
      counts = { accepted: 0, rejected: 0, stored: 0, refused: 0, malformed: 0, bytes: 0 };
      this.counts.set(encoding, counts);
    }
    return counts;
  }
}
