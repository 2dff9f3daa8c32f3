import type { TextMapPropagator } from "@opentelemetry/api";
import { CompositePropagator, W3CBaggagePropagator, W3CTraceContextPropagator } from "@opentelemetry/core";
import type * as XRay from "@opentelemetry/propagator-aws-xray";
import type * as B3 from "@opentelemetry/propagator-b3";
import { createRequire } from "node:module";
import type { PropagatorName } from "./config/config.ts";
import { JaegerPropagator } from "./propagators/jaeger.ts";
import { OtTracePropagator } from "./propagators/ot-trace.ts";

/** One propagator of all that are named. What is rarely asked for is loaded when it is. */
export function createPropagator(names: readonly PropagatorName[]): TextMapPropagator {
  return new CompositePropagator({ propagators: names.map(propagatorOf) });
}

function propagatorOf(name: PropagatorName): TextMapPropagator {
  switch (name) {
    case "tracecontext":
      return new W3CTraceContextPropagator();
    case "baggage":
      return new W3CBaggagePropagator();
    case "b3":
    case "b3multi": {
      const b3 = load("@opentelemetry/propagator-b3") as typeof B3;
      const encoding = name === "b3" ? b3.B3InjectEncoding.SINGLE_HEADER : b3.B3InjectEncoding.MULTI_HEADER;
      return new b3.B3Propagator({ injectEncoding: encoding });
    }
    case "jaeger":
      return new JaegerPropagator();
    case "ottrace":
      return new OtTracePropagator();
    case "xray": {
      const xray = load("@opentelemetry/propagator-aws-xray") as typeof XRay;
      return new xray.AWSXRayPropagator();
    }
  }
}

function load(specifier: string): unknown {
  return createRequire(import.meta.url)(specifier);
}
