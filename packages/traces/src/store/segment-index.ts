import { type SpanKind, type SpanRecord, serviceName } from "../model.ts";
import { type EncodedSpan, decodeSpan, locateSpans } from "./batch-encoding.ts";
import { visitTerms } from "./span-terms.ts";

/** What is kept of a span beside its encoded bytes: enough to tell copies apart and to compare times. */
export interface IndexedSpan {
  /** Number of the batch it came with; a higher one came later. */
  batch: number;
  spanId: string;
  kind: SpanKind;
  startUnixNano: bigint;
  endUnixNano: bigint;
  encoded: EncodedSpan;
}

/** The spans of one trace in one segment. */
export interface IndexedTrace {
  traceId: string;
  spans: IndexedSpan[];
  newestStart: bigint;
  oldestStart: bigint;
}

/**
 * Everything that one segment of the write-ahead log holds, searchable; dropped as a whole with the segment. Spans stay
 * encoded, in the very bytes of the log's records, and are decoded for answers: 1,000,000 of them fit into memory.
 */
export class SegmentIndex {
  spanCount = 0;
  /** Of the encoded spans. */
  bytes = 0;
  readonly traces = new Map<string, IndexedTrace>();
  /** Service -> operation -> kinds seen. */
  readonly services = new Map<string, Map<string, Set<SpanKind>>>();
  private readonly byTerm = new Map<number, IndexedTrace | IndexedTrace[]>();

  /** `bytes`: what `encodeBatch` made. `spans`: the same spans where they are at hand decoded. */
  add(batch: number, bytes: Uint8Array, spans?: readonly SpanRecord[]): void {
    locateSpans(bytes).forEach((encoded, index) => {
      this.addSpan(batch, encoded, spans?.[index] ?? decodeSpan(encoded));
    });
    this.bytes += bytes.length;
  }

  /** Traces listed under the term: all that have it, perhaps a few that do not. */
  tracesWith(term: number): readonly IndexedTrace[] {
    const found = this.byTerm.get(term) ?? [];
    return Array.isArray(found) ? found : [found];
  }

  private addSpan(batch: number, encoded: EncodedSpan, span: SpanRecord): void {
    const { traceId, spanId, kind, startUnixNano, endUnixNano } = span;
    let trace = this.traces.get(traceId);
    if (trace === undefined) {
      trace = { traceId, spans: [], newestStart: startUnixNano, oldestStart: startUnixNano };
      this.traces.set(traceId, trace);
    }
    trace.spans.push({ batch, spanId, kind, startUnixNano, endUnixNano, encoded });
    if (startUnixNano > trace.newestStart) trace.newestStart = startUnixNano;
    if (startUnixNano < trace.oldestStart) trace.oldestStart = startUnixNano;
    this.spanCount++;
    this.addOperation(serviceName(span.resource), span.name, kind);
    const listed = trace;
    visitTerms(span, (term) => this.list(term, listed));
  }

  private addOperation(service: string, name: string, kind: SpanKind): void {
    let operations = this.services.get(service);
    if (operations === undefined) this.services.set(service, (operations = new Map()));
    const kinds = operations.get(name);
    if (kinds === undefined) operations.set(name, new Set([kind]));
    else kinds.add(kind);
  }

  /** Most terms name one trace, which is then listed without an array of its own. */
  private list(term: number, trace: IndexedTrace): void {
    const listed = this.byTerm.get(term);
    if (listed === undefined) this.byTerm.set(term, trace);
    else if (Array.isArray(listed)) {
      if (listed.at(-1) !== trace) listed.push(trace);
    } else if (listed !== trace) this.byTerm.set(term, [listed, trace]);
  }
}
