import { setImmediate as turn } from "node:timers/promises";
import type { SpanRecord } from "../model.ts";
import { adjust } from "../query/adjust.ts";
import type { ReadOptions, SpanReader, TextQuery, TraceText } from "../query/reader.ts";
import { sanitize } from "../query/sanitize.ts";
import { jsonArray } from "./json-answer.ts";
import { legacyTrace } from "./jaeger/legacy-model.ts";
import { resourceSpans } from "./jaeger/otlp-json.ts";

/** Pieces are gathered to about this many characters before they are bytes. */
const chunkLength = 32 * 1024;
const encoder = new TextEncoder();

/** Traces in a form to be sent; those of a reader that makes no text of its own are written here. */
export async function traceTexts(
  reader: SpanReader,
  query: TextQuery,
  options: ReadOptions,
): Promise<TraceText[]> {
  if (reader.texts !== undefined) return reader.texts(query, options);
  return writeTraces(await reader.traces(query.traceIds, options), query, options.signal);
}

/** Others have their turn between two chunks. Throws the signal's reason when the asker has gone. */
export async function writeTraces(
  traces: readonly SpanRecord[][],
  { form, raw }: Pick<TextQuery, "form" | "raw">,
  signal: AbortSignal | undefined,
): Promise<TraceText[]> {
  const texts: TraceText[] = [];
  for (const trace of traces) {
    const chunks: Uint8Array<ArrayBuffer>[] = [];
    let gathered = "";
    for (const piece of piecesOf(trace, form, raw)) {
      gathered += piece;
      if (gathered.length < chunkLength) continue;
      chunks.push(encoder.encode(gathered));
      gathered = "";
      await turn();
      signal?.throwIfAborted();
    }
    chunks.push(encoder.encode(gathered));
    texts.push({ traceId: trace[0]?.traceId ?? "", spans: trace.length, chunks });
  }
  return texts;
}

/** Chunks of a text, each let go of when it was taken. */
export function* taken({ chunks }: TraceText): Generator<Uint8Array> {
  for (let chunk = chunks.shift(); chunk !== undefined; chunk = chunks.shift()) yield chunk;
}

function piecesOf(trace: readonly SpanRecord[], form: "legacy" | "v3", raw: boolean): Iterable<string> {
  const sanitized = sanitize(trace);
  const spans = raw ? sanitized : adjust(sanitized);
  return form === "legacy" ? legacyTrace(spans) : jsonArray(resourceSpans(spans));
}
