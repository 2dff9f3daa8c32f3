import { ROOT_CONTEXT, SpanKind, trace, TraceFlags } from "@opentelemetry/api";
import { TraceState } from "@opentelemetry/core";
import { SamplingDecision } from "@opentelemetry/sdk-trace";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import type { SamplerConfig } from "../config/sampler.ts";
import { tracingConfig } from "../config/config.ts";
import { PooledIdGenerator } from "../id-generator.ts";
import { extractCarrier, injectCarrier, withForcedTrace } from "../propagation.ts";
import { keptTraceState } from "./kept.ts";
import { createSampler } from "./sampler.ts";

const silent = { debug: () => {}, info: () => {}, warn: () => {} };
const ratio = (share: number, parentBased = true): SamplerConfig => ({
  kind: "ratio",
  ratio: share,
  parentBased,
});

function decide(
  config: SamplerConfig,
  {
    traceId = "0".repeat(18) + "8".repeat(14),
    state = "",
    flags = undefined as number | undefined,
    attributes = {},
    name = "op",
    isRemote = true,
  } = {},
) {
  const sampler = createSampler(config, "shop", silent, { recordUnsampled: false });
  const traceState = state === "" ? {} : { traceState: new TraceState(state) };
  const parent = { traceId, spanId: "b".repeat(16), traceFlags: flags ?? 0, isRemote, ...traceState };
  const context = flags === undefined ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, parent);
  const result = sampler.shouldSample(context, traceId, name, SpanKind.SERVER, attributes);
  const {
    sampled = result.decision === SamplingDecision.RECORD_AND_SAMPLED,
    traceState: out = parent.traceState,
  } = { ...result, sampled: undefined };
  return { sampled, state: out?.serialize() ?? "" };
}

const low = "0".repeat(18) + "1".repeat(14);

test.each([
  [1, "0"],
  [0.5, "8"],
  [0.25, "c"],
  [0.125, "e"],
  [0.0625, "f"],
  [0.1, "e666"],
  [0.01, "fd70a"],
])("a ratio of %d is written th:%s", (share, th) => {
  expect(decide(ratio(share), { traceId: "f".repeat(32) })).toEqual({ sampled: true, state: `ot=th:${th}` });
});

test("what is not sampled carries no threshold", () => {
  expect(decide(ratio(0))).toEqual({ sampled: false, state: "" });
  expect(decide(ratio(0.25), { traceId: low })).toEqual({ sampled: false, state: "" });
});

test("explicit randomness decides instead of the trace id, and stays, as do others' members", () => {
  const state = "vendor=1,ot=rv:ffffffffffffff;x:y";
  expect(decide(ratio(0.5, false), { traceId: low, state, flags: 0 })).toEqual({
    sampled: true,
    state: "ot=th:8;rv:ffffffffffffff;x:y,vendor=1",
  });
  expect(
    decide(ratio(0.5, false), { traceId: "f".repeat(32), state: "ot=th:0;rv:00000000000000", flags: 1 }),
  ).toEqual({
    sampled: false,
    state: "ot=rv:00000000000000",
  });
});

test("with a parent its decision stands, and its state; a threshold that contradicts it goes", () => {
  const sampled = { flags: TraceFlags.SAMPLED, traceId: low };
  expect(decide(ratio(0), { ...sampled, state: "ot=th:0,a=1" })).toEqual({
    sampled: true,
    state: "ot=th:0,a=1",
  });
  expect(decide(ratio(0), { ...sampled, state: "ot=th:8,a=1" })).toEqual({ sampled: true, state: "a=1" });
  expect(decide(ratio(1), { traceId: low, flags: 0, state: "ot=th:0;rv:11111111111111" })).toEqual({
    sampled: false,
    state: "ot=rv:11111111111111",
  });
  expect(decide(ratio(0), { ...sampled, isRemote: false, state: "ot=th:0" })).toEqual({
    sampled: true,
    state: "ot=th:0",
  });
});

test("malformed state crashes nothing", () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 300 }), fc.boolean(), (value, parentBased) => {
      decide(ratio(0.5, parentBased), { state: `ot=${value}`, flags: 1 });
    }),
  );
});

test("counts are without bias: the spans that are kept stand for all", () => {
  const ids = new PooledIdGenerator();
  const sampler = createSampler(ratio(0.1), "shop", silent, { recordUnsampled: true });
  let [estimate, sampled, recorded] = [0, 0, 0];
  const all = 100_000;
  for (let at = 0; at < all; at++) {
    const { decision, traceState } = sampler.shouldSample(
      ROOT_CONTEXT,
      ids.generateTraceId(),
      "op",
      SpanKind.SERVER,
      {},
    );
    const threshold = Number.parseInt(
      (/th:([0-9a-f]+)/.exec(traceState?.get("ot") ?? "")?.[1] ?? "").padEnd(14, "0"),
      16,
    );
    if (decision === SamplingDecision.RECORD_AND_SAMPLED) estimate += 2 ** 56 / (2 ** 56 - threshold);
    else recorded += Number(decision === SamplingDecision.RECORD);
    sampled += Number(decision === SamplingDecision.RECORD_AND_SAMPLED);
  }
  expect(sampled + recorded).toBe(all);
  // Six standard deviations of a binomial count.
  expect(Math.abs(estimate - all)).toBeLessThan(6 * 10 * Math.sqrt(all * 0.09));
});

test("rules: the first whose conditions all hold decides, where none holds everything is sampled", () => {
  const { sampler } = tracingConfig({
    OTEL_TRACES_SAMPLER: "rules",
    OTEL_TRACES_SAMPLER_ARG:
      "priority=critical:1, route=/healthz:0, tenant=acme&priority=low:0, route=/api/*/notes:0, service=shop&tenant=b*:0",
  });
  const sampled = (attributes: Record<string, string>, name = "op") =>
    decide(sampler, { attributes, name }).sampled;
  expect(sampled({ "ticket.priority": "critical", "tenant.id": "acme", "http.route": "/healthz" })).toBe(
    true,
  );
  expect(sampled({ "http.route": "/healthz" })).toBe(false);
  expect(sampled({}, "GET /healthz")).toBe(false);
  expect(sampled({ "tenant.id": "acme", "ticket.priority": "low" })).toBe(false);
  expect(sampled({ "tenant.id": "acme", "ticket.priority": "high" })).toBe(true);
  expect(sampled({ "url.path": "/api/v3/notes" })).toBe(false);
  expect(sampled({ "url.path": "/api/notes" })).toBe(true);
  expect(sampled({ "tenant.id": "beta" })).toBe(false);
});

test("a span that is kept after the fact stands for itself alone", () => {
  expect(keptTraceState(undefined)).toBe("ot=th:0");
  expect(keptTraceState(new TraceState("a=1,ot=th:e666;rv:11111111111111"))).toBe(
    "ot=th:0;rv:11111111111111,a=1",
  );
});

test("a forced trace is sampled by every sampler, also behind a queue, and stands for itself alone", () => {
  const samplers = [ratio(0), ratio(0, false), { kind: "rules", rules: [], parentBased: false } as const];
  for (const config of samplers) {
    const sampler = createSampler(config, "shop", silent, { recordUnsampled: true });
    const root = withForcedTrace(ROOT_CONTEXT, { startMs: 1, slowAfterMs: 2 });
    const begun = sampler.shouldSample(root, low, "op", SpanKind.SERVER, {});
    expect(begun.decision).toBe(SamplingDecision.RECORD_AND_SAMPLED);
    expect(begun.traceState?.serialize()).toBe("throughline=forced,ot=th:0");
    const parent = { traceId: low, spanId: "b".repeat(16), traceFlags: 1 };
    const behind = extractCarrier(
      injectCarrier(trace.setSpanContext(root, { ...parent, traceState: begun.traceState as TraceState }), 1),
    );
    const next = sampler.shouldSample(behind, low, "op", SpanKind.CONSUMER, {});
    expect(next.decision).toBe(SamplingDecision.RECORD_AND_SAMPLED);
  }
});

test("a tracestate that came in HTTP headers forces nothing", () => {
  expect(decide(ratio(0, false), { flags: 1, traceId: low, state: "throughline=forced" }).sampled).toBe(
    false,
  );
});
