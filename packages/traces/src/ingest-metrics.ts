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

  /** Prometheus' text format. */
  text({ logBytes, rows, blocks, blockBytes }: EngineStats, lostDatagrams: number): string {
    this.of("protobuf");
    const byEncoding = (name: string, help: string, of: keyof Counts): string[] =>
      metric(
        "counter",
        name,
        help,
        Array.from(this.counts, ([encoding, counts]) => [`{encoding="${encoding}"}`, counts[of]]),
      );
    const lines = [
      ...byEncoding("spans_accepted_total", "Spans stored.", "accepted"),
      ...byEncoding("spans_rejected_total", "Spans refused one by one for invalid ids.", "rejected"),
      ...byEncoding("batches_total", "Requests whose spans were stored.", "stored"),
      ...byEncoding("batches_refused_total", "Requests refused as a whole.", "refused"),
      ...byEncoding("datagrams_malformed_total", "Datagrams that could not be read.", "malformed"),
      ...byEncoding("received_bytes_total", "Bytes of requests after inflating.", "bytes"),
      ...metric("counter", "datagrams_lost_total", "Datagrams for which there was no room.", [
        ["", lostDatagrams],
      ]),
      ...metric("gauge", "wal_bytes", "Size of the write-ahead log.", [["", logBytes]]),
      ...metric("gauge", "spans_in_memory", "Spans that are not in a block yet.", [["", rows]]),
      ...metric("gauge", "blocks", "Sealed blocks.", [["", blocks]]),
      ...metric("gauge", "block_bytes", "Size of the sealed blocks.", [["", blockBytes]]),
    ];
    return `${lines.join("\n")}\n`;
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

function metric(
  type: "counter" | "gauge",
  name: string,
  help: string,
  values: readonly (readonly [labels: string, value: number])[],
): string[] {
  const full = `throughline_traces_${name}`;
  return [
    `# HELP ${full} ${help}`,
    `# TYPE ${full} ${type}`,
    ...values.map(([labels, value]) => `${full}${labels} ${value}`),
  ];
}
