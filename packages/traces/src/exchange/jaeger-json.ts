import { z } from "zod";
import { noScope, resourceOf, spanOf } from "../decode/jaeger-span.ts";
import { take, takeText } from "../decode/tag-status.ts";
import type { AttributeValue, KeyValue, ResourceRecord, SpanRecord } from "../model.ts";

/** Traces of Jaeger's UI model, as its API and its UI give them away, read back to OTLP's. */

const tag = z.object({
  key: z.string(),
  type: z.string().default("string"),
  value: z.union([z.string(), z.number(), z.boolean()]).nullish(),
});
const trace = z.object({
  spans: z.array(
    z.object({
      traceID: z.string().regex(/^[0-9a-fA-F]{1,32}$/),
      spanID: z.string().regex(/^[0-9a-fA-F]{1,16}$/),
      operationName: z.string().default(""),
      references: z
        .array(z.object({ refType: z.string().default("CHILD_OF"), traceID: z.string(), spanID: z.string() }))
        .nullish(),
      startTime: z.number().int().nonnegative(),
      duration: z.number().int().nonnegative(),
      tags: z.array(tag).nullish(),
      logs: z.array(z.object({ timestamp: z.number().int(), fields: z.array(tag).nullish() })).nullish(),
      processID: z.string().default(""),
      process: z.object({ serviceName: z.string(), tags: z.array(tag).nullish() }).nullish(),
    }),
  ),
  processes: z
    .record(z.string(), z.object({ serviceName: z.string(), tags: z.array(tag).nullish() }))
    .default({}),
});

/** Throws SyntaxError for what is no such trace. */
export function readJaegerTrace(text: string): SpanRecord[] {
  const { data, error } = trace.safeParse(JSON.parse(text));
  if (data === undefined) {
    const issue = error?.issues[0];
    throw new SyntaxError(
      `no trace of Jaeger's: ${issue?.path.join(".") ?? ""}: ${issue?.message ?? "unreadable"}`,
    );
  }
  const resources = new Map<string, ResourceRecord>(
    Object.entries(data.processes).map(([id, process]) => [
      id,
      resourceOf(process.serviceName, (process.tags ?? []).map(keyValue)),
    ]),
  );
  return data.spans.map((span): SpanRecord => {
    const own = span.process;
    const resource =
      own === null || own === undefined
        ? (resources.get(span.processID) ?? resourceOf("", []))
        : resourceOf(own.serviceName, (own.tags ?? []).map(keyValue));
    const tags = (span.tags ?? []).map(keyValue);
    const scope = {
      ...noScope,
      name: takeText(tags, "otel.scope.name") ?? "",
      version: takeText(tags, "otel.scope.version") ?? "",
    };
    const traceState = takeText(tags, "w3c.tracestate") ?? "";
    const status = statusOf(tags);
    const converted = spanOf(
      {
        traceId: span.traceID.toLowerCase().padStart(32, "0"),
        spanId: span.spanID.toLowerCase().padStart(16, "0"),
        parentSpanId: "",
        name: span.operationName,
        references: (span.references ?? []).map(({ refType, traceID, spanID }) => ({
          isChildOf: refType === "CHILD_OF",
          traceId: traceID.toLowerCase().padStart(32, "0"),
          spanId: spanID.toLowerCase().padStart(16, "0"),
        })),
        startUs: BigInt(span.startTime),
        durationUs: BigInt(span.duration),
        tags,
        logs: (span.logs ?? []).map(({ timestamp, fields }) => ({
          timeUs: BigInt(timestamp),
          fields: (fields ?? []).map(keyValue),
        })),
      },
      resource,
    );
    return { ...converted, ...status, traceState, scope };
  });
}

/** What the tags say themselves; an HTTP status says nothing of the span's here, or the span would come back with another. */
function statusOf(tags: KeyValue[]): Pick<SpanRecord, "statusCode" | "statusMessage"> {
  const code = takeText(tags, "otel.status_code")?.toUpperCase();
  const error = tags.find(({ key }) => key === "error")?.value;
  const isError = code === "ERROR" || (error?.type === "bool" && error.value);
  if (error?.type === "bool" && error.value) take(tags, "error");
  const statusMessage = takeText(tags, "otel.status_description") ?? "";
  return { statusCode: isError ? 2 : code === "OK" ? 1 : 0, statusMessage };
}

function keyValue({ key, type, value }: z.infer<typeof tag>): KeyValue {
  return { key, value: valueOf(type, value ?? "") };
}

function valueOf(type: string, value: string | number | boolean): AttributeValue {
  switch (type) {
    case "bool":
      return { type: "bool", value: value === true || value === "true" };
    case "int64":
      return /^-?\d{1,19}$/.test(String(value))
        ? { type: "int", value: BigInt.asIntN(64, BigInt(value)) }
        : { type: "string", value: String(value) };
    case "float64":
      return { type: "double", value: Number(value) };
    case "binary":
      return { type: "bytes", value: Uint8Array.from(Buffer.from(String(value), "base64")) };
    default:
      return { type: "string", value: String(value) };
  }
}
