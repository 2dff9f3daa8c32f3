import type { SpanQuery } from "../../query/reader.ts";
import { readDurations, readLimit, readStringMap } from "../parameters/go-values.ts";
import { type QueryParameters, wrongParameter } from "../parameters/query.ts";
import { clampToOtlp, readRfc3339 } from "../parameters/time.ts";
import { parseFilter } from "./filter.ts";

const defaultSearchDepth = 100;

/**
 * The query block of the v3 searches. Each parameter is looked for in camelCase and, where that is empty, in its
 * deprecated snake_case form. Throws TL_PARAMETER_INVALID.
 */
export function readQueryBlock(query: QueryParameters): SpanQuery {
  const read = (camel: string, ...others: string[]): { name: string; text: string | undefined } => {
    const names = [camel, snakeCase(camel), ...others].map((name) => `query.${name}`);
    return { name: `query.${camel}`, text: query.first(...names) };
  };
  const startMin = readTime(read("startTimeMin"));
  const startMax = readTime(read("startTimeMax"));
  if (startMin >= startMax) throw wrongParameter("query.startTimeMax", "must be after query.startTimeMin");
  const depth = read("searchDepth", "num_traces");
  const service = read("serviceName").text;
  const operation = read("operationName").text;
  const attributes = read("attributes");
  const filter = read("filter").text;
  if (filter !== undefined) {
    const beside = ["serviceName", "operationName", "attributes", "durationMin", "durationMax"].find(
      (name) => read(name).text !== undefined,
    );
    if (beside !== undefined) throw wrongParameter("query.filter", `cannot stand beside query.${beside}`);
    return {
      tags: [],
      where: parseFilter(filter),
      startMin: clampToOtlp(startMin),
      startMax: clampToOtlp(startMax),
      limit: readLimit(depth.name, depth.text, defaultSearchDepth),
    };
  }
  return {
    ...(service === undefined ? {} : { service }),
    ...(operation === undefined ? {} : { operation }),
    tags:
      attributes.text === undefined
        ? []
        : readStringMap(attributes.name, attributes.text).map(([key, value]) => ({ key, value })),
    startMin: clampToOtlp(startMin),
    startMax: clampToOtlp(startMax),
    ...readDurations(read("durationMin"), read("durationMax")),
    limit: readLimit(depth.name, depth.text, defaultSearchDepth),
  };
}

function readTime({ name, text }: { name: string; text: string | undefined }): bigint {
  const time = readRfc3339(name, text);
  if (time === undefined) throw wrongParameter(name, "is required");
  return time;
}

export function snakeCase(camel: string): string {
  return camel.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
