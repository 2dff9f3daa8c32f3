import {
  contractAttributes,
  type ContractSpan,
  contractSpans,
  modelSpan,
} from "@throughline/api/trace-contract";
import { type Finding, fail, ok, skip } from "../checks/finding.ts";
import { type JaegerSpan, tagOf } from "./jaeger-trace.ts";

/** Where the spans of one ticket are held against the contract. */
export interface Expected {
  tenant: string;
  ticket: string;
}

const received = ["POST /webhook/servicedesk", "job_queued"];

/** Whether every span is there that follows from how far the job came. */
export function isWhole(spans: readonly JaegerSpan[], reached: "nothing" | "attempt" | "end"): boolean {
  const attempted = reached === "attempt" ? ["enhance_ticket"] : [];
  const due = contractSpans.filter(
    ({ name }) => reached === "end" || [...received, ...attempted].includes(name),
  );
  return due.every((row) => found(spans, row).length > 0);
}

/** A finding for each span of the contract. */
export function checkContract(spans: readonly JaegerSpan[], expected: Expected): Finding[] {
  return contractSpans.map((row) => checkSpan(spans, rowFor(row, spans), expected));
}

const updateSpan = /^api\.\w+\.update_ticket$/;

function found(spans: readonly JaegerSpan[], row: ContractSpan): JaegerSpan[] {
  const isUpdate = updateSpan.test(row.name);
  return spans
    .filter(({ operationName }) => (isUpdate ? updateSpan.test(operationName) : operationName === row.name))
    .sort((a, b) => a.startTime - b.startTime);
}

/** With a model the span is another than without. */
function rowFor(row: ContractSpan, spans: readonly JaegerSpan[]): ContractSpan {
  const [first] = found(spans, row);
  const askedModel = first !== undefined && tagOf(first, "llm.writer") === undefined;
  return row.name === modelSpan.name && askedModel ? modelSpan : row;
}

function checkSpan(spans: readonly JaegerSpan[], row: ContractSpan, expected: Expected): Finding {
  const id = `span ${row.name}`;
  // Of several attempts the last is what the ticket came to.
  const span = found(spans, row).at(-1);
  if (span === undefined) return missing(id, row, spans);
  const wrong = [
    ...problemsOf(span, row, spans),
    ...(tagOf(span, "tenant.id") === expected.tenant ? [] : [`tenant.id is not ${expected.tenant}`]),
    ...(tagOf(span, "ticket.id") === expected.ticket ? [] : [`ticket.id is not ${expected.ticket}`]),
  ];
  const skipped = skipReasonOf([span]);
  if (skipped !== undefined) return fail(id, `the ticket was skipped: ${skipped}`, skipRemedy);
  const failure = failureOf(span);
  if (failure !== undefined) return fail(id, `it failed: ${failure}`, remedyOf(row.name));
  if (wrong.length > 0)
    return fail(
      id,
      wrong.join("; "),
      "Compare with docs/trace-contract.md; versions of the roles may differ.",
    );
  return ok(
    id,
    `${row.kind}, ${row.attributes.length + contractAttributes.length} attributes, ${(span.duration / 1_000).toFixed(1)} ms`,
  );
}

function missing(id: string, row: ContractSpan, spans: readonly JaegerSpan[]): Finding {
  const [enhanced] = spans.filter(({ operationName }) => operationName === "enhance_ticket").slice(-1);
  const delivery = enhanced === undefined ? undefined : tagOf(enhanced, "enhancement.delivery");
  const writesNothing = delivery === "draft" || delivery === "shadow";
  if (updateSpan.test(row.name) && writesNothing)
    return skip(id, `the tenant's notes are in ${delivery} mode: none is written to the desk`);
  const skipped = skipReasonOf(spans);
  if (skipped !== undefined) return fail(id, `the ticket was skipped: ${skipped}`, skipRemedy);
  const failed = spans.find((span) => failureOf(span) !== undefined && span !== enhanced);
  const because =
    failed === undefined ? "" : `: ${failed.operationName} failed before it (${failureOf(failed) ?? ""})`;
  return fail(
    id,
    `it is not in the trace${because}`,
    failed === undefined
      ? "See `throughline logs` of the ticket; with OTEL_* exporters, whether each role exports to this backend (`throughline doctor`)."
      : remedyOf(failed.operationName),
  );
}

/** Why no note was wanted, where an attempt says so. */
function skipReasonOf(spans: readonly JaegerSpan[]): string | undefined {
  const fields = spans.flatMap(({ logs }) => logs).flatMap((log) => log.fields);
  const reason = fields.find(({ key }) => key === "enhancement.skip.reason")?.value;
  return typeof reason === "string" ? reason : undefined;
}

const skipRemedy =
  "Let notes be written (`throughline notes on`, the tenant's --notes and filters), or name another ticket with --ticket.";

function problemsOf(span: JaegerSpan, row: ContractSpan, spans: readonly JaegerSpan[]): string[] {
  const lacking = [...row.attributes, ...contractAttributes].filter((key) => tagOf(span, key) === undefined);
  const kind = textOf(span, "span.kind")?.toUpperCase() ?? "INTERNAL";
  const parentId = span.references.find(({ refType }) => refType === "CHILD_OF")?.spanID;
  const parent = spans.find(({ spanID }) => spanID === parentId)?.operationName;
  // An outside trace that a tenant trusts is the parent of a webhook.
  const isUnderWrongParent = row.parent !== undefined && parent !== row.parent;
  return [
    ...(lacking.length > 0 ? [`it lacks ${lacking.join(", ")}`] : []),
    ...(kind === row.kind ? [] : [`its kind is ${kind}, not ${row.kind}`]),
    ...(isUnderWrongParent ? [`its parent is ${parent ?? "missing"}, not ${row.parent}`] : []),
  ];
}

/** In words, where the span says that it failed. */
function failureOf(span: JaegerSpan): string | undefined {
  const isError = tagOf(span, "error") === true || tagOf(span, "otel.status_code") === "ERROR";
  if (!isError) return undefined;
  const told = ["error.message", "otel.status_description", "error.type"].map((key) => textOf(span, key));
  return told.find((text) => text !== undefined) ?? "it says no reason";
}

function textOf(span: JaegerSpan, key: string): string | undefined {
  const value = tagOf(span, key);
  return typeof value === "string" && value !== "" ? value : undefined;
}

function remedyOf(span: string): string {
  if (span.startsWith("api."))
    return "The worker must reach the desk: for the built-in one see --desk-listen and --desk-url; for a tenant's own its address and key (`throughline doctor`).";
  if (span.startsWith("llm."))
    return "Check OPENAI_BASE_URL, OPENAI_API_KEY and OPENAI_MODEL of the worker (`throughline doctor`).";
  return "See the span's error.message and `throughline logs` of the ticket.";
}

const slowAfterUs = 1_000_000;

/**
 * A verification's trace is slow after a second. Whatever ended later must say so, and with our own backend all of its spans, which it
 * completes. A trace that was quicker must not.
 */
export function checkSlowTag(spans: readonly JaegerSpan[], isOwnBackend: boolean): Finding {
  const id = "slow tag";
  const start = Math.min(...spans.map(({ startTime }) => startTime));
  const endOf = ({ startTime, duration }: JaegerSpan) => startTime + duration;
  const last = Math.max(...spans.map(endOf));
  const took = `${((last - start) / 1e6).toFixed(2)} s`;
  const isSlow = (span: JaegerSpan) => String(tagOf(span, "slow_trace")) === "true";
  if (last - start <= slowAfterUs) {
    const wrong = spans.find(isSlow);
    return wrong === undefined
      ? ok(id, `the trace took ${took}, not over 1 s: slow_trace=false on all ${spans.length} spans`)
      : fail(id, `slow_trace=true on ${wrong.operationName} though the trace took ${took} only`, versions);
  }
  const due = spans.filter((span) => isOwnBackend || endOf(span) - start > slowAfterUs + toleranceUs);
  const wrong = due.find((span) => !isSlow(span));
  return wrong === undefined
    ? ok(id, `the trace took ${took}, over 1 s: slow_trace=true on ${due.length} spans`)
    : fail(id, `slow_trace is not true on ${wrong.operationName} though the trace took ${took}`, versions);
}

const versions = "Check that all roles run this version (`throughline doctor`).";
/** Spans tell microseconds, clocks of processes differ. */
const toleranceUs = 50_000;
