import type { SpanQuery } from "../../query/reader.ts";
import { readDurations, readInteger, readLimit, readStringMap } from "../parameters/go-values.ts";
import { type QueryParameters, wrongParameter } from "../parameters/query.ts";
import { clampToOtlp } from "../parameters/time.ts";
import { parseHexTraceId } from "../parameters/trace-id.ts";

const defaultLimit = 100;
const defaultWindowUs = 48n * 3_600_000_000n;

/** The ids of a lookup, one for each `traceID`, 32 digits; empty where the request is a search. */
export function readTraceIds(query: QueryParameters): string[] {
  return query
    .all("traceID")
    .filter((text) => text !== "")
    .map((text) => {
      const id = parseHexTraceId(text);
      if (id === undefined) throw wrongParameter("traceID", "must be 1 to 32 hexadecimal digits");
      return id;
    });
}

/** `start` and `end` of a lookup are hints that this store has no use for; wrong ones are still refused. */
export function checkTimeHints(query: QueryParameters): void {
  for (const name of ["start", "end"]) readMicroseconds(name, query);
}

/** The parameters of GET /api/traces. `nowUs`: microseconds since the epoch. */
export function readSearch(query: QueryParameters, nowUs: bigint): SpanQuery {
  const service = query.first("service");
  if (service === undefined) throw wrongParameter("service", "is required");
  const operation = query.first("operation");
  const startUs = readMicroseconds("start", query) ?? nowUs - defaultWindowUs;
  const endUs = readMicroseconds("end", query) ?? nowUs;
  if (endUs < startUs) throw wrongParameter("end", "must not be before start");
  return {
    service,
    ...(operation === undefined ? {} : { operation }),
    tags: readTags(query),
    startMin: clampToOtlp(startUs * 1_000n),
    // Jaeger's spans have microseconds: one that starts within the last of them is in.
    startMax: clampToOtlp(endUs * 1_000n + 999n),
    ...readDurations(
      { name: "minDuration", text: query.first("minDuration") },
      { name: "maxDuration", text: query.first("maxDuration") },
    ),
    limit: readLimit("limit", query.first("limit"), defaultLimit),
  };
}

function readMicroseconds(name: string, query: QueryParameters): bigint | undefined {
  return readInteger(name, query.first(name));
}

/** `tag=key:value` and `tags={"key":"value"}`; the latter wins where both name a key. */
function readTags(query: QueryParameters): SpanQuery["tags"] {
  const tags = new Map<string, string>();
  for (const text of query.all("tag")) {
    const colon = text.indexOf(":");
    if (colon < 0) throw wrongParameter("tag", "must be of the form key:value");
    tags.set(text.slice(0, colon), text.slice(colon + 1));
  }
  for (const text of query.all("tags")) {
    for (const [key, value] of readStringMap("tags", text)) tags.set(key, value);
  }
  return Array.from(tags, ([key, value]) => ({ key, value }));
}
