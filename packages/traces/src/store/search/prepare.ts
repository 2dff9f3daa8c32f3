import type { Condition, ValueTest } from "../../query/condition.ts";
import { kindNames } from "../../query/kinds.ts";
import type { SpanQuery } from "../../query/reader.ts";
import type { Marker, Segment } from "./segment.ts";

/** A query's conditions as one: everything that is asked of a span but its times. */
export function conditionOf({ service, operation, tags, where }: SpanQuery): Condition {
  const equals = (text: string): ValueTest => ({ is: "=", text });
  return {
    all: [
      ...(service === undefined ? [] : [{ field: "service", test: equals(service) } as const]),
      ...(operation === undefined ? [] : [{ field: "name", test: equals(operation) } as const]),
      ...tags.map(tagCondition),
      ...(where === undefined ? [] : [where]),
    ],
  };
}

const tagFields = {
  "otel.status_description": "statusMessage",
  "otel.scope.name": "scopeName",
  "otel.scope.version": "scopeVersion",
  event: "event",
  "w3c.tracestate": "traceState",
} as const;

/** Jaeger's tags: attributes, and some of a span's fields under customary names. */
function tagCondition({ key, value }: { key: string; value: string }): Condition {
  const attribute: Condition = { attribute: key, test: { is: "=", text: value } };
  if (key === "error") {
    const isError: Condition = { field: "status", test: { is: "=", text: "error" } };
    if (value === "true") return { any: [attribute, isError] };
    return value === "false" ? { any: [attribute, { not: isError }] } : attribute;
  }
  if (key === "span.kind") {
    const isKind = Object.values(kindNames).some((name) => name === value);
    return isKind ? { any: [attribute, { field: "kind", test: { is: "=", text: value } }] } : attribute;
  }
  if (key === "otel.status_code") {
    const status = value === "OK" ? "ok" : value === "ERROR" ? "error" : undefined;
    return status === undefined
      ? attribute
      : { any: [attribute, { field: "status", test: { is: "=", text: status } }] };
  }
  const field = (tagFields as Record<string, (typeof tagFields)[keyof typeof tagFields] | undefined>)[key];
  return field === undefined ? attribute : { any: [attribute, { field, test: { is: "=", text: value } }] };
}

/** A query's condition for one segment; "all" and "none" where its spans need not be looked at. */
export function prepareQuery(segment: Segment, condition: Condition): Marker | "all" | "none" {
  return both([segment.mask ?? "all", prepare(segment, condition)]);
}

function prepare(segment: Segment, condition: Condition): Marker | "all" | "none" {
  if ("all" in condition) return both(condition.all.map((part) => prepare(segment, part)));
  if ("any" in condition) return either(condition.any.map((part) => prepare(segment, part)));
  if ("not" in condition) return opposite(prepare(segment, condition.not), segment);
  const marker =
    "attribute" in condition
      ? segment.attribute(condition.attribute, condition.place, condition.test)
      : segment.field(condition.field, condition.test);
  return marker ?? "none";
}

function both(parts: readonly (Marker | "all" | "none")[]): Marker | "all" | "none" {
  if (parts.includes("none")) return "none";
  const markers = parts.filter((part) => part !== "all") as Marker[];
  const [only] = markers;
  if (only === undefined) return "all";
  if (markers.length === 1) return only;
  return {
    mayMatch: (page) => markers.every((marker) => marker.mayMatch(page)),
    mark: (page, rows) => {
      if (markers.some((marker) => marker.mayMark?.(page) === false)) return;
      const met = new Uint8Array(rows.length);
      const own = new Uint8Array(rows.length);
      for (const [at, marker] of markers.entries()) {
        own.fill(0);
        marker.mark(page, own);
        let isAny = false;
        for (let row = 0; row < rows.length; row++) {
          if (own[row] !== 1 || met[row] !== at) continue;
          met[row] = at + 1;
          isAny = true;
        }
        // What one leaves nothing of, others need not look at.
        if (!isAny) return;
      }
      for (let row = 0; row < rows.length; row++) if (met[row] === markers.length) rows[row] = 1;
    },
  };
}

function either(parts: readonly (Marker | "all" | "none")[]): Marker | "all" | "none" {
  if (parts.includes("all")) return "all";
  const markers = parts.filter((part) => part !== "none") as Marker[];
  const [only] = markers;
  if (only === undefined) return "none";
  if (markers.length === 1) return only;
  return {
    mayMatch: (page) => markers.some((marker) => marker.mayMatch(page)),
    mark: (page, rows) => {
      for (const marker of markers) if (marker.mayMatch(page)) marker.mark(page, rows);
    },
  };
}

function opposite(part: Marker | "all" | "none", segment: Segment): Marker | "all" | "none" {
  if (part === "all") return "none";
  if (part === "none") return "all";
  return {
    mayMatch: () => true,
    mark: (page, rows) => {
      const own = new Uint8Array(rows.length);
      if (part.mayMatch(page)) part.mark(page, own);
      const count = segment.pages[page]?.rows ?? 0;
      for (let row = 0; row < count; row++) if (own[row] === 0) rows[row] = 1;
    },
  };
}
