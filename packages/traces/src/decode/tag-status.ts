import type { AttributeValue, KeyValue, SpanKind, StatusCode } from "../model.ts";

export interface Status {
  statusCode: StatusCode;
  statusMessage: string;
}

/** Removes an attribute and returns its text; undefined where there is none or it is no string. */
export function takeText(attributes: KeyValue[], key: string): string | undefined {
  const value = take(attributes, key);
  return value?.type === "string" ? value.value : undefined;
}

/**
 * The status that tags of Jaeger's model tell, by its own order: `error` true, then `otel.status_code`, then `http.status_code`. Tags that
 * say nothing else are removed from `attributes`.
 */
export function statusFromTags(attributes: KeyValue[], kind: SpanKind): Status {
  const error = valueOf(attributes, "error");
  const code = take(attributes, "otel.status_code");
  if (error?.type === "bool" && error.value) {
    take(attributes, "error");
    const described = takeText(attributes, "otel.status_description");
    return { statusCode: 2, statusMessage: described ?? textOf(attributes, "http.status_message") };
  }
  if (code !== undefined) {
    const named = code.type === "string" ? code.value.toUpperCase() : "";
    const statusCode = named === "OK" ? 1 : named === "ERROR" ? 2 : 0;
    return { statusCode, statusMessage: takeText(attributes, "otel.status_description") ?? "" };
  }
  return statusFromHttp(attributes, kind);
}

/** 4xx is the client's error only. */
export function statusFromHttp(attributes: readonly KeyValue[], kind: SpanKind): Status {
  const value = valueOf(attributes, "http.status_code");
  const http =
    value?.type === "int"
      ? Number(value.value)
      : value?.type === "string" && /^\d{1,9}$/.test(value.value)
        ? Number(value.value)
        : undefined;
  if (http === undefined) return { statusCode: 0, statusMessage: "" };
  const isServerSide = kind === 2 && http >= 400 && http < 500;
  if (isServerSide || (http >= 100 && http < 399)) return { statusCode: 0, statusMessage: "" };
  return { statusCode: 2, statusMessage: textOf(attributes, "http.status_message") };
}

function valueOf(attributes: readonly KeyValue[], key: string): AttributeValue | undefined {
  return attributes.find((one) => one.key === key)?.value;
}

function textOf(attributes: readonly KeyValue[], key: string): string {
  const value = valueOf(attributes, key);
  return value?.type === "string" ? value.value : "";
}

export function take(attributes: KeyValue[], key: string): AttributeValue | undefined {
  const at = attributes.findIndex((one) => one.key === key);
  return at === -1 ? undefined : attributes.splice(at, 1)[0]?.value;
}
