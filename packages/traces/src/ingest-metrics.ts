import type { Metrics } from "@throughline/api/metrics";
import type { AppendOutcome, Origin, SpanEncoding, SpanSink } from "./sink.ts";
import type { EngineStats } from "./threads/engine.ts";

interface Counts {
  accepted: number;
  rejected: number;
  stored: number;
  refused: number;
  malformed: number;
  bytes: number;
}

/** `limited` also counts, under an empty name, tokens without a tenant. */
interface TenantCounts {
  accepted: number;
  bytes: number;
  limited: number;
}

/** Further ones are counted together. */
const tenantsAtMost = 200;

/** Counts what passes into a sink. */
export class CountingSink implements SpanSink {
  private readonly sink: SpanSink;
  private readonly counts = new Map<string, Counts>();
  private readonly tenants = new Map<string, TenantCounts>();

  constructor(sink: SpanSink) {
    this.sink = sink;
  }

  async append(pieces: readonly Uint8Array[], encoding: SpanEncoding, from: Origin): Promise<AppendOutcome> {
    const counts = this.of(encoding);
    for (const { length } of pieces) counts.bytes += length;
    try {
      const outcome = await this.sink.append(pieces, encoding, from);
      counts.stored++;
      counts.accepted += outcome.accepted;
      counts.rejected += outcome.rejected;
      counts.malformed += outcome.malformed ?? 0;
      const tenant = from === "kept" ? undefined : from.tenant;
      if (tenant !== undefined) {
        const own = this.ofTenant(tenant);
        own.accepted += outcome.accepted;
        for (const { length } of pieces) own.bytes += length;
      }
      return outcome;
    } catch (error) {
      counts.refused++;
      throw error;
    }
  }

  /** A request was refused because its sender is over its limits. */
  rateLimited({ tenant }: { tenant: string | undefined }): void {
    this.ofTenant(tenant ?? "").limited++;
  }

  /** What came in, and what the store of this process made of it; its figures are at most a second old. */
  register(metrics: Metrics, stats: (() => EngineStats) | undefined, lostDatagrams: () => number): void {
    this.of("protobuf");
    const counted = (name: string, help: string, of: keyof Counts): void =>
      metrics.counted(`throughline_traces_${name}`, help, ["encoding"], () =>
        Array.from(this.counts, ([encoding, counts]) => [[encoding], counts[of]]),
      );
    const gauge = (name: string, help: string, of: keyof EngineStats): void => {
      if (stats !== undefined)
        metrics.gauge(`throughline_traces_${name}`, help, [], () => [[[], stats()[of]]]);
    };
    counted("spans_accepted_total", "Spans stored.", "accepted");
    counted("spans_rejected_total", "Spans refused one by one for invalid ids.", "rejected");
    counted("batches_total", "Requests whose spans were stored.", "stored");
    counted("batches_refused_total", "Requests refused as a whole.", "refused");
    counted("datagrams_malformed_total", "Datagrams that could not be read.", "malformed");
    counted("received_bytes_total", "Bytes of requests after inflating.", "bytes");
    const ofTenants = (name: string, help: string, of: keyof TenantCounts): void =>
      metrics.counted(`throughline_traces_${name}`, help, ["tenant"], () =>
        Array.from(this.tenants, ([tenant, counts]) => [[tenant], counts[of]]),
      );
    ofTenants(
      "tenant_spans_accepted_total",
      "Spans stored, by the tenant of the sender's token.",
      "accepted",
    );
    ofTenants("tenant_received_bytes_total", "Bytes of those spans' requests after inflating.", "bytes");
    ofTenants(
      "rate_limited_total",
      "Requests refused because their token has sent as much as it may.",
      "limited",
    );
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

  private ofTenant(name: string): TenantCounts {
    const tenant = this.tenants.has(name) || this.tenants.size < tenantsAtMost ? name : "(others)";
    let counts = this.tenants.get(tenant);
    if (counts === undefined) this.tenants.set(tenant, (counts = { accepted: 0, bytes: 0, limited: 0 }));
    return counts;
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
