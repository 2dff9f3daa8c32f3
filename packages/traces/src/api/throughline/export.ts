import type { FastifyInstance } from "fastify";
import { Readable } from "node:stream";
import type { SpanRecord } from "../../model.ts";
import type { RemovedSpans, SpanReader } from "../../query/reader.ts";
import { sanitize } from "../../query/sanitize.ts";
import { askerOf } from "../asker.ts";
import { tellRemoval } from "../removal.ts";
import { legacyTrace } from "../jaeger/legacy-model.ts";
import { resourceSpans } from "../jaeger/otlp-json.ts";
import { jsonArray } from "../json-answer.ts";
import { readInteger } from "../parameters/go-values.ts";
import { QueryParameters, wrongParameter } from "../parameters/query.ts";
import { isEmpty, pagesOf } from "./pages.ts";
import { readTraceSearch } from "./search.ts";
import { spanLine } from "./span-columns.ts";

interface Format {
  mediaType: string;
  /** Pieces before the first and behind the last trace, and between traces. */
  frame: readonly [before: string, between: string, after: string];
  trace: (spans: readonly SpanRecord[]) => Iterable<string>;
}

const ndjson = "application/x-ndjson";
const formats: Readonly<Record<string, Format>> = {
  "otlp-json": { mediaType: ndjson, frame: ["", "", ""], trace: otlpLine },
  "jaeger-json": {
    mediaType: "application/json",
    frame: ['{"data":[', ",", "]}\n"],
    trace: (spans) => legacyTrace(sanitize(spans)),
  },
  ndjson: { mediaType: ndjson, frame: ["", "", ""], trace: spanLines },
};

/**
 * GET /api/throughline/export: every trace that a search finds (its parameters but `q` and `cursor`), newest first, as one stream.
 * `format`: `otlp-json` (a TracesData of OTLP's JSON on each line), `jaeger-json` (what Jaeger's UI uploads), `ndjson` (a span on each line),
 * `parquet` (a file of spans). The last two carry each span as OTLP too, from which it comes in again whole.
 */
export function exportRoute(
  server: FastifyInstance,
  reader: SpanReader,
  removed: () => RemovedSpans | null,
): void {
  server.get("/api/throughline/export", async (request, reply) => {
    const query = QueryParameters.of(request.raw.url ?? "");
    const name = query.first("format") ?? "otlp-json";
    const format = Object.hasOwn(formats, name) ? formats[name] : undefined;
    if (format === undefined && name !== "parquet")
      throw wrongParameter("format", `must be one of ${Object.keys(formats).join(", ")}, parquet`);
    const limit = readInteger("limit", query.first("limit")) ?? BigInt(Number.MAX_SAFE_INTEGER);
    if (limit < 1n) throw wrongParameter("limit", "must be at least 1");
    const { filters } = readTraceSearch(query.without("format", "limit", "q", "cursor"));
    const signal = askerOf(request, reply);
    const pages = pagesOf(reader, filters, Number(limit), signal);
    // What is wrong with the query is said before anything is sent.
    const first = await pages.next();
    if (isEmpty(first)) tellRemoval(reply, removed(), filters.startMin);
    const traces = tracesOf(first, pages);
    if (format === undefined) {
      // What writes it is loaded when somebody asks for it.
      const { parquetFile } = await import("./parquet.ts");
      return reply
        .header("content-type", "application/vnd.apache.parquet")
        .send(Readable.from(parquetFile(traces), { objectMode: false }));
    }
    return reply
      .header("content-type", format.mediaType)
      .send(Readable.from(written(traces, format), { objectMode: false }));
  });
}

/** A query that fails on the way ends the connection before the end of the stream: half an answer is none. */
async function* written(
  traces: AsyncIterable<readonly SpanRecord[]>,
  { frame: [before, between, behind], trace: pieces }: Format,
): AsyncGenerator<string> {
  yield before;
  let separator = "";
  for await (const trace of traces) {
    let text = separator;
    for (const piece of pieces(trace)) text += piece;
    yield text;
    separator = between;
  }
  yield behind;
}

function* otlpLine(spans: readonly SpanRecord[]): Generator<string> {
  yield '{"resourceSpans":';
  yield* jsonArray(resourceSpans(spans));
  yield "}\n";
}

function* spanLines(spans: readonly SpanRecord[]): Generator<string> {
  for (const span of spans) yield spanLine(span);
}

/** The traces of pages, one by one. */
async function* tracesOf(
  first: IteratorResult<SpanRecord[][], undefined>,
  rest: AsyncGenerator<SpanRecord[][], undefined>,
): AsyncGenerator<readonly SpanRecord[]> {
  for (let page = first; page.done !== true; page = await rest.next()) yield* page.value;
}
