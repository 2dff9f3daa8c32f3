import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Metrics } from "./registry.ts";

/** From a probe to a search that is cut off after 30 s. */
const durationBounds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
/** The status of a request whose client went before the answer, as nginx logs it. */
const clientWent = 499;
const noRoute = "unmatched";

export interface AnsweredRequest {
  method: string;
  /** The pattern, never the path as it was asked for; undefined where no route fits. */
  route: string | undefined;
  status: number;
  seconds: number;
  /** Of a trace that is kept. */
  traceId?: string | undefined;
}

/** What a listener tells of each request. */
export type HttpObserver = (answered: AnsweredRequest) => void;

/** The HTTP figures of one listener; those of a process share their names. */
export function httpMetrics(metrics: Metrics, listener: string): HttpObserver {
  const requests = metrics.counter("http_requests_total", "HTTP requests, by route and status.", [
    "listener",
    "method",
    "route",
    "status",
  ]);
  const durations = metrics.histogram(
    "http_request_duration_seconds",
    "Seconds until an HTTP request was answered, by route and status.",
    ["listener", "route", "status"],
    durationBounds,
  );
  return ({ method, route = noRoute, status, seconds, traceId }) => {
    requests.add(1, listener, method, route, String(status));
    durations.observe(seconds, [listener, route, String(status)], traceId);
  };
}

/** Tells of every request to a server without a router. `routes`: the paths that it serves. */
export function observeServer(server: Server, routes: readonly string[], observe: HttpObserver): void {
  const known = new Set(routes);
  server.on("request", (request: IncomingMessage, response: ServerResponse) => {
    const startedMs = performance.now();
    const path = (request.url ?? "").split("?", 1)[0] ?? "";
    response.once("close", () =>
      observe({
        method: request.method ?? "",
        route: known.has(path) ? path : undefined,
        status: response.writableFinished ? response.statusCode : clientWent,
        seconds: (performance.now() - startedMs) / 1_000,
      }),
    );
  });
}
