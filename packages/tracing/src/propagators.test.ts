import {
  defaultTextMapGetter,
  defaultTextMapSetter,
  propagation,
  ROOT_CONTEXT,
  trace,
} from "@opentelemetry/api";
import { expect, test } from "vitest";
import { createPropagator } from "./propagators.ts";

const [traceId, spanId] = ["0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"];
const baggage = propagation.createBaggage({ tenant: { value: "acme" } });
const sending = trace.setSpanContext(propagation.setBaggage(ROOT_CONTEXT, baggage), {
  traceId,
  spanId,
  traceFlags: 1,
});

test.each([
  ["tracecontext", { traceparent: `00-${traceId}-${spanId}-01` }],
  ["baggage", { baggage: "tenant=acme" }],
  ["b3", { b3: `${traceId}-${spanId}-1` }],
  ["b3multi", { "x-b3-traceid": traceId, "x-b3-spanid": spanId, "x-b3-sampled": "1" }],
  ["jaeger", { "uber-trace-id": `${traceId}:${spanId}:0:1`, "uberctx-tenant": "acme" }],
  [
    "ottrace",
    {
      "ot-tracer-traceid": traceId.slice(16),
      "ot-tracer-spanid": spanId,
      "ot-tracer-sampled": "true",
      "ot-baggage-tenant": "acme",
    },
  ],
  [
    "xray",
    { "x-amzn-trace-id": `Root=1-${traceId.slice(0, 8)}-${traceId.slice(8)};Parent=${spanId};Sampled=1` },
  ],
] as const)("%s writes its headers and reads them again", (name, headers) => {
  const propagator = createPropagator([name]);
  const carrier: Record<string, string> = {};
  propagator.inject(sending, carrier, defaultTextMapSetter);
  const lower = Object.fromEntries(Object.entries(carrier).map(([key, value]) => [key.toLowerCase(), value]));
  expect(lower).toEqual(headers);
  const arrived = propagator.extract(ROOT_CONTEXT, carrier, defaultTextMapGetter);
  const told = {
    spanId: trace.getSpanContext(arrived)?.spanId,
    isRemote: trace.getSpanContext(arrived)?.isRemote,
    tenant: propagation.getBaggage(arrived)?.getEntry("tenant")?.value,
  };
  const hasBaggage = ["baggage", "jaeger", "ottrace"].includes(name);
  const context =
    name === "baggage" ? { spanId: undefined, isRemote: undefined } : { spanId, isRemote: true };
  expect(told).toEqual({ ...context, tenant: hasBaggage ? "acme" : undefined });
});

test.each([
  "",
  "x",
  "1:2:3",
  `${"f".repeat(33)}:1:0:1`,
  `${"0".repeat(32)}:1:0:1`,
  `${traceId}:${spanId}:0:zz`,
])("a malformed uber-trace-id is no context: %j", (value) => {
  const arrived = createPropagator(["jaeger"]).extract(
    ROOT_CONTEXT,
    { "uber-trace-id": value },
    defaultTextMapGetter,
  );
  expect(trace.getSpanContext(arrived)).toBeUndefined();
});

test("Jaeger's ids may lack zeros, its colons may be percent-encoded, its debug flag samples", () => {
  const arrived = createPropagator(["jaeger"]).extract(
    ROOT_CONTEXT,
    { "uber-trace-id": "abc%3A12%3A0%3A2" },
    defaultTextMapGetter,
  );
  expect(trace.getSpanContext(arrived)).toMatchObject({
    traceId: "abc".padStart(32, "0"),
    spanId: "12".padStart(16, "0"),
    traceFlags: 1,
  });
});

test("several are read and written together", () => {
  const carrier: Record<string, string> = {};
  createPropagator(["tracecontext", "b3"]).inject(sending, carrier, defaultTextMapSetter);
  expect(Object.keys(carrier).sort()).toEqual(["b3", "traceparent"]);
});
