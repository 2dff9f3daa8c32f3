/** Requests as the proto files of this folder describe them: 64-bit numbers are text, absent messages null. */
import { ThroughlineError } from "@throughline/api/errors";
import type { AttributeValue } from "../../model.ts";
import type { SpanQuery } from "../../query/reader.ts";
import { attributeText } from "../../store/attribute-text.ts";
import { type FilterCall, filterCondition } from "../jaeger/filter.ts";
import { clampToOtlp } from "../parameters/time.ts";

export interface Seconds {
  seconds: string;
  nanos: number;
}

export interface QueryParametersMessage {
  serviceName: string;
  operationName: string;
  startTimeMin: Seconds | null;
  startTimeMax: Seconds | null;
  durationMin: Seconds | null;
  durationMax: Seconds | null;
  searchDepth: number;
  filter?: FilterCall | null;
}

/** proto-loader's oneof: `value` names the member that is set. */
interface AnyValueMessage {
  value?: string;
  stringValue?: string;
  boolValue?: boolean;
  intValue?: string;
  doubleValue?: number;
  arrayValue?: { values: AnyValueMessage[] };
  kvlistValue?: { values: KeyValueMessage[] };
  bytesValue?: Buffer;
}

export interface KeyValueMessage {
  key: string;
  value: AnyValueMessage | null;
}

const defaultSearchDepth = 100;
/** Go's zero time, which Jaeger sends where it means none. */
const year1 = "-62135596800";

/** Nanoseconds since the epoch; undefined where there is no time. */
export function timeOf(time: Seconds | null): bigint | undefined {
  if (time === null || time.seconds === year1) return undefined;
  return clampToOtlp(BigInt(time.seconds) * 1_000_000_000n + BigInt(time.nanos));
}

/** Nanoseconds; undefined where it is absent or 0, which both mean unbounded. */
function durationOf(name: string, duration: Seconds | null): bigint | undefined {
  if (duration === null) return undefined;
  const ns = BigInt(duration.seconds) * 1_000_000_000n + BigInt(duration.nanos);
  if (ns < 0n) throw invalid(`${name} must not be negative`);
  return ns === 0n ? undefined : ns;
}

export function invalid(problem: string): ThroughlineError {
  return new ThroughlineError("TL_PARAMETER_INVALID", `${problem}.`);
}

/** A search; `needsTimes`: as Jaeger's query service has it, not its storages. */
export function spanQueryOf(
  query: QueryParametersMessage | null,
  tags: SpanQuery["tags"],
  needsTimes: boolean,
): SpanQuery {
  if (query === null) throw invalid("query is required");
  const startMin = timeOf(query.startTimeMin);
  const startMax = timeOf(query.startTimeMax);
  if (needsTimes && (startMin === undefined || startMax === undefined))
    throw invalid("start_time_min and start_time_max are required");
  if (startMin !== undefined && startMax !== undefined && startMin > startMax)
    throw invalid("start_time_max must not be before start_time_min");
  const durationMin = durationOf("duration_min", query.durationMin);
  const durationMax = durationOf("duration_max", query.durationMax);
  if (durationMin !== undefined && durationMax !== undefined && durationMin > durationMax)
    throw invalid("duration_max must not be less than duration_min");
  const { filter } = query;
  const where = filter === undefined || filter === null ? undefined : filterCondition(filter);
  const hasOthers =
    query.serviceName !== "" ||
    query.operationName !== "" ||
    tags.length > 0 ||
    durationMin !== undefined ||
    durationMax !== undefined;
  if (where !== undefined && hasOthers)
    throw invalid("filter cannot stand beside service_name, operation_name, attributes or durations");
  return {
    ...(where === undefined ? {} : { where }),
    ...(query.serviceName === "" ? {} : { service: query.serviceName }),
    ...(query.operationName === "" ? {} : { operation: query.operationName }),
    tags,
    ...(startMin === undefined ? {} : { startMin }),
    ...(startMax === undefined ? {} : { startMax }),
    ...(durationMin === undefined ? {} : { durationMin }),
    ...(durationMax === undefined ? {} : { durationMax }),
    limit: query.searchDepth > 0 ? query.searchDepth : defaultSearchDepth,
  };
}

/** Attributes by the text that searches compare. */
export function tagsOf(attributes: readonly KeyValueMessage[]): SpanQuery["tags"] {
  return attributes.map(({ key, value }) => ({ key, value: attributeText(valueOf(value)) }));
}

function valueOf(message: AnyValueMessage | null): AttributeValue {
  switch (message?.value) {
    case "stringValue":
      return { type: "string", value: message.stringValue ?? "" };
    case "boolValue":
      return { type: "bool", value: message.boolValue ?? false };
    case "intValue":
      return { type: "int", value: BigInt(message.intValue ?? 0) };
    case "doubleValue":
      return { type: "double", value: message.doubleValue ?? 0 };
    case "bytesValue":
      return { type: "bytes", value: message.bytesValue ?? new Uint8Array() };
    case "arrayValue":
      return { type: "array", value: (message.arrayValue?.values ?? []).map(valueOf) };
    case "kvlistValue":
      return {
        type: "map",
        value: (message.kvlistValue?.values ?? []).map(({ key, value }) => ({ key, value: valueOf(value) })),
      };
    case undefined:
    default:
      return { type: "empty" };
  }
}

/** google.protobuf.Timestamp of nanoseconds since the epoch; google.protobuf.Duration of nanoseconds. */
export function timestampOf(ns: bigint): Seconds {
  return { seconds: String(ns / 1_000_000_000n), nanos: Number(ns % 1_000_000_000n) };
}
