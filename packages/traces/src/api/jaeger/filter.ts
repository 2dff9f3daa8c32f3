import { RE2JS } from "re2js";
import type { AttributePlace, Condition, ScalarType, SpanField, ValueTest } from "../../query/condition.ts";
import { readDuration } from "../parameters/go-values.ts";
import { wrongParameter } from "../parameters/query.ts";

/**
 * Jaeger's structured filter (package jaeger.expression.v1, its RFC 0005) as a condition: from proto3's JSON, or from a message of
 * jaeger.storage.v2 and api_v3, which has the same members. What this store cannot evaluate is refused and never left out.
 */
interface Expression {
  attr?: { key?: string; level?: string };
  field?: { name?: string; level?: string };
  nested?: { level?: string };
  scalar?: Scalar;
  list?: { values?: string[]; type?: string };
  call?: FilterCall;
}

interface Scalar {
  value: string;
  type: string;
}

export interface FilterCall {
  op?: string;
  args?: Expression[];
}

export const filterLevels: readonly AttributePlace[] = ["span", "resource", "scope", "event", "link"];
export const filterOperators = [
  "and",
  "or",
  "not",
  "eq",
  "ne",
  "gt",
  "lt",
  "gte",
  "lte",
  "regex",
  "exists",
  "in",
  "not_in",
  "some",
] as const;
const orders = { gt: ">", lt: "<", gte: ">=", lte: "<=" } as const;
const types: readonly ScalarType[] = ["string", "bool", "int", "double"];
const deepest = 20;
/** By level and name. */
const fields: Readonly<Record<string, SpanField>> = {
  "span.name": "name",
  "span.kind": "kind",
  "span.status": "status",
  "span.statusMessage": "statusMessage",
  "span.traceState": "traceState",
  "span.duration": "duration",
  "resource.service": "service",
  "scope.name": "scopeName",
  "scope.version": "scopeVersion",
  "event.name": "event",
};

/** `query.filter` of the HTTP API. Throws TL_PARAMETER_INVALID. */
export function parseFilter(text: string): Condition {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause;
    throw wrong('must be a JSON object with "op" and "args"');
  }
  return filterCondition(parsed as FilterCall);
}

/** Throws TL_PARAMETER_INVALID. */
export function filterCondition(filter: FilterCall): Condition {
  return conditionOf(filter, 1);
}

function conditionOf(filter: FilterCall | null | undefined, depth: number): Condition {
  if (depth > deepest) throw wrong(`must not nest more than ${deepest} calls`);
  const { op, args = [] } = isObject(filter) ? filter : {};
  if (typeof op !== "string" || op === "" || !Array.isArray(args))
    throw wrong('needs calls with "op" and "args"');
  const call = (expression: Expression | undefined): Condition => {
    if (!isObject(expression) || !isObject(expression.call)) throw wrong(`takes calls as arguments of ${op}`);
    return conditionOf(expression.call, depth + 1);
  };
  switch (op) {
    case "and":
    case "or": {
      if (args.length === 0) throw wrong(`needs arguments for ${op}`);
      const parts = args.map(call);
      return op === "and" ? { all: parts } : { any: parts };
    }
    case "not":
      expectArity(op, args, 1);
      return { not: call(args[0]) };
    case "some":
      expectArity(op, args, 2);
      return some(args, call(args[1]));
    case "exists":
      expectArity(op, args, 1);
      return about(args[0], () => ({ is: "exists" }));
    case "eq":
    case "ne":
    case "gt":
    case "lt":
    case "gte":
    case "lte":
    case "regex": {
      expectArity(op, args, 2);
      const scalar = scalarOf(op, args[1]);
      return about(args[0], (field) => comparison(op, scalar, field));
    }
    case "in":
    case "not_in":
      expectArity(op, args, 2);
      return membership(op, args);
    default:
      throw wrong(`has an operator that is none of ${filterOperators.join(", ")}: ${op.slice(0, 40)}`);
  }
}

/** One test of one event or link is that of any of them; several would have to hold on the same one, which no index here tells. */
function some(args: readonly Expression[], inner: Condition): Condition {
  const level = isObject(args[0]?.nested) ? args[0].nested.level : undefined;
  if (level !== "event" && level !== "link") throw wrong('takes "event" or "link" as the level of some');
  const isOfLevel =
    ("attribute" in inner && inner.place === level) ||
    ("field" in inner && inner.field === "event" && level === "event");
  if (!isOfLevel || ("test" in inner && (inner.test.is === "!=" || inner.test.is === "!~")))
    throw wrong(`takes one plain test of an ${level} below some`);
  return inner;
}

function membership(op: "in" | "not_in", args: readonly Expression[]): Condition {
  const list = isObject(args[1]) ? args[1].list : undefined;
  const values = isObject(list) ? list.values : undefined;
  if (!Array.isArray(values) || values.length === 0 || !values.every((value) => typeof value === "string"))
    throw wrong(`needs a list of at least one value for ${op}`);
  const type = list?.type ?? "";
  const anyOf: Condition = {
    any: values.map((value) => about(args[0], (field) => comparison("eq", { value, type }, field))),
  };
  if (op === "in") return anyOf;
  return { all: [about(args[0], () => ({ is: "exists" })), { not: anyOf }] };
}

/** A test of what a reference names. An attribute without a level is one of the span or of its resource. */
function about(
  reference: Expression | undefined,
  test: (field: SpanField | undefined) => ValueTest,
): Condition {
  const { attr, field } = isObject(reference) ? reference : {};
  if (isObject(attr)) {
    const { key, level = "" } = attr;
    if (typeof key !== "string" || key === "") throw wrong("has an attribute without a key");
    const made = test(undefined);
    if (level === "")
      return {
        any: [
          { attribute: key, place: "span", test: made },
          { attribute: key, place: "resource", test: made },
        ],
      };
    return { attribute: key, place: levelOf(level), test: made };
  }
  if (!isObject(field)) throw wrong("needs an attribute or a field as the first argument of a comparison");
  const name = `${field.level}.${field.name}`;
  const known = Object.hasOwn(fields, name) ? fields[name] : undefined;
  if (known === undefined)
    throw wrong(
      `asks for the field ${name.slice(0, 80)}, which is not searched here: there are ${Object.keys(fields).join(", ")}`,
    );
  return { field: known, test: test(known) };
}

function levelOf(level: string): AttributePlace {
  const found = filterLevels.find((one) => one === level);
  if (found === undefined)
    throw wrong(`has a level that is none of ${filterLevels.join(", ")}: ${level.slice(0, 40)}`);
  return found;
}

function scalarOf(op: string, expression: Expression | undefined): Scalar {
  const scalar = isObject(expression) ? expression.scalar : undefined;
  if (!isObject(scalar) || typeof scalar.value !== "string")
    throw wrong(`needs a constant as the second argument of ${op}`);
  return { value: scalar.value, type: scalar.type ?? "" };
}

function comparison(
  op: "eq" | "ne" | "gt" | "lt" | "gte" | "lte" | "regex",
  { value, type }: Scalar,
  field: SpanField | undefined,
): ValueTest {
  const hint = types.find((one) => one === type);
  if (type !== "" && hint === undefined)
    throw wrong(`has a type that is none of ${types.join(", ")}: ${type.slice(0, 40)}`);
  switch (op) {
    case "regex":
      try {
        RE2JS.compile(value);
      } catch {
        throw wrong(`has an expression that RE2 cannot read: ${value.slice(0, 200)}`);
      }
      return { is: "=~", pattern: value };
    case "eq":
    case "ne":
      return {
        is: op === "eq" ? "=" : "!=",
        text: field === undefined ? value : textOfField(field, value),
        ...(hint === undefined || field !== undefined ? {} : { type: hint }),
      };
    case "gt":
    case "lt":
    case "gte":
    case "lte": {
      if (field !== undefined && field !== "duration") throw wrong(`cannot order by ${field}`);
      if (hint === "string" || hint === "bool") throw wrong(`cannot order values of type ${hint}`);
      const number = field === "duration" ? Number(nanoseconds(value)) : Number(value);
      if (Number.isNaN(number) || value.trim() === "")
        throw wrong(`orders by "${value.slice(0, 80)}", which is no number`);
      return { is: orders[op], number };
    }
  }
}

function textOfField(field: SpanField, value: string): string {
  if (field === "duration") return String(nanoseconds(value));
  return field === "kind" || field === "status" ? value.toLowerCase() : value;
}

function nanoseconds(text: string): bigint {
  return readDuration("filter", text) ?? 0n;
}

function expectArity(op: string, args: readonly unknown[], count: number): void {
  if (args.length !== count) throw wrong(`needs ${count} argument${count === 1 ? "" : "s"} for ${op}`);
}

function isObject<T extends object>(value: T | null | undefined): value is T {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function wrong(problem: string): Error {
  return wrongParameter("filter", problem);
}
