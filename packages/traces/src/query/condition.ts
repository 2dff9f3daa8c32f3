/** What a search asks of one span. */
export type Condition =
  | { all: readonly Condition[] }
  | { any: readonly Condition[] }
  | { not: Condition }
  | { attribute: string; place?: AttributePlace; test: ValueTest }
  | { field: SpanField; test: ValueTest };

/** Where an attribute stands; without it, anywhere. */
export type AttributePlace = "span" | "resource" | "scope" | "event" | "link";

/**
 * Fields of a span as searches name them: `status` is unset, ok or error, `kind` as in `kindNames`, `event` the name of any of its events,
 * `duration` in nanoseconds.
 */
export type SpanField =
  | "name"
  | "service"
  | "kind"
  | "status"
  | "statusMessage"
  | "scopeName"
  | "scopeVersion"
  | "traceState"
  | "event"
  | "duration";

/**
 * A value's own type; where a test names one, values of others do not meet it.
 */
export type ScalarType = "string" | "bool" | "int" | "double";

/**
 * Of a value, by its text (see `attributeText`); `!=`, like all but `exists`, holds only where there is a value. `<` and `>` compare numbers
 * with numbers. `pattern` is an RE2 expression that is found anywhere in the text: it takes linear time.
 */
export type ValueTest =
  | { is: "exists" }
  | { is: "=" | "!="; text: string; type?: ScalarType }
  | { is: "<" | "<=" | ">" | ">="; number: number }
  | { is: "=~" | "!~"; pattern: string };

export const statusNames = { 0: "unset", 1: "ok", 2: "error" } as const;
