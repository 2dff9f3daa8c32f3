import type { Metrics } from "@throughline/api/metrics";
import type { DeskObserver } from "../desk/watched-desk.ts";
import type { ModelObserver } from "../llm/model-observer.ts";

/** Desks and models are waited for 30 s. */
const durationBounds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 30, 60];

/** What models were asked, and what it cost. */
export function modelMetrics(metrics: Metrics): ModelObserver {
  const requests = metrics.counter(
    "model_requests_total",
    "Questions to models, by outcome; error_type says why one brought no note.",
    ["model", "outcome", "error_type"],
  );
  const durations = metrics.histogram(
    "model_request_duration_seconds",
    "Seconds that a model was asked, its retries included.",
    ["model", "outcome"],
    durationBounds,
  );
  const tokens = metrics.counter("model_tokens_total", "Tokens that models counted.", ["model", "direction"]);
  const cost = metrics.counter("model_cost_usd_total", "What models cost by their prices, US dollars.", [
    "tenant_id",
    "model",
  ]);
  return {
    asked: ({ model, outcome, errorType = "", seconds, traceId }) => {
      requests.add(1, model, outcome, errorType);
      durations.observe(seconds, [model, outcome], traceId);
    },
    notAsked: (model) => requests.add(1, model, "over_budget", ""),
    used: (tenantId, model, { usage, costUsd = 0 }) => {
      tokens.add(usage.inputTokens, model, "input");
      tokens.add(usage.outputTokens, model, "output");
      cost.add(costUsd, tenantId, model);
    },
  };
}

/** What desks were asked, by kind of desk. */
export function deskMetrics(metrics: Metrics): DeskObserver {
  const requests = metrics.counter("desk_requests_total", "Calls to service desks, by outcome.", [
    "desk",
    "operation",
    "outcome",
  ]);
  const durations = metrics.histogram(
    "desk_request_duration_seconds",
    "Seconds that a call to a service desk took.",
    ["desk", "operation"],
    durationBounds,
  );
  return ({ desk, operation, outcome, seconds, traceId }) => {
    requests.add(1, desk, operation, outcome);
    durations.observe(seconds, [desk, operation], traceId);
  };
}
