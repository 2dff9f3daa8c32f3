import { type OtlpPlace, type OtlpProbe, probeOtlp, type TracingConfig } from "@throughline/tracing";
import { type Finding, fail, ok, skip, warn } from "../checks/finding.ts";
import type { Subject } from "./subject.ts";

/** How spans would leave: sampler, batches, and whether anybody takes them. */
export async function checkTracing(subject: Subject, config: TracingConfig): Promise<Finding[]> {
  return [
    ...checkSampler(config),
    ...checkBatches(subject, config),
    ...(await checkEndpoint(subject, config)),
    ...checkProxy(subject, config),
  ];
}

const allTickets = 1_000;

function checkSampler(config: TracingConfig): Finding[] {
  const id = "sampler";
  if (config.disabled)
    return [fail(id, "OTEL_SDK_DISABLED: no ticket has a trace", "Unset OTEL_SDK_DISABLED.")];
  if (config.exporters.length === 0)
    return [fail(id, "OTEL_TRACES_EXPORTER is none: no ticket has a trace", "Unset OTEL_TRACES_EXPORTER.")];
  const { sampler } = config;
  switch (sampler.kind) {
    case "ratio":
      return [ratioFinding(sampler.ratio)];
    case "rules": {
      const rules = sampler.rules.map(({ conditions, ratio }) => {
        const when = conditions.map(({ attribute, pattern }) => `${attribute}=${pattern}`).join("&");
        return `${when === "" ? "*" : when}: ${withoutTrace(ratio)} of 1,000 without a trace`;
      });
      return [ok(id, `the first rule that holds decides: ${rules.join("; ")}`)];
    }
    case "jaeger_remote":
      return [
        ok(
          id,
          `${sampler.endpoint} decides; until it answers, of 1,000 tickets ${withoutTrace(sampler.initialRatio)} will have no trace`,
        ),
      ];
  }
}

function withoutTrace(ratio: number): number {
  return allTickets - Math.round(allTickets * ratio);
}

function ratioFinding(ratio: number): Finding {
  const id = "sampler";
  if (ratio >= 1) return ok(id, "every ticket has a trace");
  const said = `of 1,000 tickets ${withoutTrace(ratio)} will have no trace, but for those that fail, are partial or slow`;
  const remedy =
    "OTEL_TRACES_SAMPLER_ARG=1 traces every ticket; rules do so for some (`parentbased_rules`, docs/settings.md).";
  return ratio === 0 ? fail(id, said, remedy) : warn(id, said, remedy);
}

/** The queue of spans against the load that was seen. */
function checkBatches({ metrics }: Subject, { batch }: TracingConfig): Finding[] {
  const id = "batch";
  const { maxQueueSize, maxExportBatchSize, scheduleDelayMs } = batch;
  const shown = `queue ${maxQueueSize}, batches of ${maxExportBatchSize}, every ${scheduleDelayMs / 1_000} s`;
  const remedy =
    "Raise OTEL_BSP_MAX_QUEUE_SIZE (8192) and OTEL_BSP_MAX_EXPORT_BATCH_SIZE (2048), or let THROUGHLINE_TRACES_SPILL_FILE keep what waits.";
  const lost = metrics.flatMap(({ role, text }) => {
    const full = /^otel_sdk_processor_span_processed_total\{error_type="queue_full"\} (\S+)/m.exec(text)?.[1];
    return full === undefined || Number(full) === 0
      ? []
      : [`${role} lost ${full} spans because its queue was full`];
  });
  if (lost.length > 0) return [fail(id, `${lost.join(", ")} (${shown})`, remedy)];
  const seconds = metrics.flatMap(({ role, sums }) => {
    const started = sums.get("process_start_time_seconds");
    const spans = sums.get("otel_sdk_processor_span_processed_total") ?? 0;
    const uptime = started === undefined ? 0 : Date.now() / 1_000 - started;
    return spans === 0 || uptime <= 0 ? [] : [{ role, rate: spans / uptime }];
  });
  const [busiest] = seconds.sort((a, b) => b.rate - a.rate);
  const exported = scheduleDelayMs > 10_000 ? ["spans are seen more than 10 s late"] : [];
  if (busiest === undefined)
    return exported.length > 0
      ? [warn(id, `${shown}: ${exported.join(", ")}`, "Lower OTEL_BSP_SCHEDULE_DELAY (5000).")]
      : [ok(id, `${shown}; no load was seen`)];
  const holds = maxQueueSize / busiest.rate;
  const said = `${shown}; at the ${busiest.rate.toFixed(1)} spans a second of ${busiest.role} the queue holds ${holds.toFixed(0)} s of an outage of the backend`;
  return [holds < 10 ? warn(id, said, remedy) : ok(id, said)];
}

async function checkEndpoint(
  subject: Subject,
  { otlp, disabled, exporters }: TracingConfig,
): Promise<Finding[]> {
  const id = "otlp.endpoint";
  if (disabled || !exporters.includes("otlp")) return [skip(id, "spans do not leave by OTLP")];
  const own = ownBackend(subject);
  if (otlp.endpoint === undefined && own === undefined)
    return [
      subject.running.length === 0
        ? skip(
            id,
            "nothing runs, and OTEL_EXPORTER_OTLP_ENDPOINT is not set: spans go to the backend of the data directory",
          )
        : fail(
            id,
            "no trace backend runs on this data directory, and OTEL_EXPORTER_OTLP_ENDPOINT is not set",
            "Start `throughline traces`, or set OTEL_EXPORTER_OTLP_ENDPOINT.",
          ),
    ];
  const place = placeOf(otlp, own?.address);
  const headers: Record<string, string> =
    otlp.endpoint === undefined && own !== undefined ? { authorization: `Bearer ${own.token}` } : {};
  const probe = await probeOtlp(otlp, place, headers, otherPlaces(subject, place));
  if (probe.taken) {
    const { host } = new URL(probe.endpoint);
    return [
      ok(id, `${host} takes OTLP over ${nameOf(probe)}${probe.reason === "" ? "" : `: ${probe.reason}`}`),
    ];
  }
  return [fail(id, probe.reason, probe.instead ?? (await whoIsThere(probe)))];
}

function nameOf({ protocol, endpoint }: OtlpPlace): string {
  return `${protocol === "grpc" ? "gRPC" : protocol}${endpoint.startsWith("https:") ? " with TLS" : ""}`;
}

function ownBackend({ running }: Subject): { address: string; token: string } | undefined {
  for (const { own, addresses, token } of running) {
    const address = own["otlpGrpc"] ?? addresses["otlpGrpc"];
    if (address !== undefined) return { address, token };
  }
  return undefined;
}

function placeOf({ endpoint, protocol }: TracingConfig["otlp"], own: string | undefined): OtlpPlace {
  if (endpoint !== undefined) return { endpoint, protocol };
  return { endpoint: `http://${own ?? "127.0.0.1:4317"}`, protocol: "grpc" };
}

/** The customary ports of the same host, and the backend of this data directory. */
function otherPlaces(subject: Subject, { endpoint }: OtlpPlace): OtlpPlace[] {
  const { protocol, hostname } = new URL(endpoint);
  const own = ownBackend(subject);
  return [
    { endpoint: `${protocol}//${hostname}:4317`, protocol: "grpc" },
    { endpoint: `${protocol}//${hostname}:4318/v1/traces`, protocol: "http/protobuf" },
    ...(own === undefined ? [] : [{ endpoint: `http://${own.address}`, protocol: "grpc" } as const]),
  ];
}

const proxyHeaders = ["via", "x-squid-error", "proxy-authenticate", "x-cache", "cf-ray"];
const proxyServers = /squid|nginx|haproxy|envoy|varnish|traefik|caddy|apache|cloudflare|tinyproxy/i;

/** What answers where OTLP was expected. */
async function whoIsThere({ endpoint }: OtlpProbe): Promise<string> {
  const general =
    "Check OTEL_EXPORTER_OTLP_ENDPOINT and OTEL_EXPORTER_OTLP_PROTOCOL: gRPC is on 4317, HTTP on 4318.";
  const { origin, host } = new URL(endpoint);
  try {
    const { headers, status } = await fetch(origin, {
      signal: AbortSignal.timeout(2_000),
      redirect: "manual",
    });
    const server = headers.get("server") ?? "";
    const isProxy =
      status === 407 || proxyServers.test(server) || proxyHeaders.some((name) => headers.has(name));
    if (isProxy)
      return `A proxy answers at ${host}${server === "" ? "" : ` (${server})`}: let it pass on OTLP (gRPC needs HTTP/2 to the backend), or name the backend itself.`;
    return `${host} answers HTTP ${status} but takes no spans: it is another service. ${general}`;
  } catch {
    return general;
  }
}

/** Our exporter goes straight to the backend: a proxy that the environment names is not used. */
function checkProxy({ environment }: Subject, { otlp }: TracingConfig): Finding[] {
  const name = [
    "https_proxy",
    "HTTPS_PROXY",
    "http_proxy",
    "HTTP_PROXY",
    "grpc_proxy",
    "all_proxy",
    "ALL_PROXY",
  ].find((one) => environment[one]);
  if (name === undefined || otlp.endpoint === undefined) return [];
  const { hostname } = new URL(otlp.endpoint);
  const exempt = (environment["no_proxy"] ?? environment["NO_PROXY"] ?? "")
    .split(",")
    .map((one) => one.trim());
  const isExempt = exempt.some(
    (one) => one === "*" || one === hostname || (one !== "" && hostname.endsWith(one)),
  );
  if (isExempt) return [];
  return [
    warn(
      "otlp.proxy",
      `${name} is set, but spans go to ${hostname} without a proxy`,
      `Let this machine reach ${hostname} itself (the line otlp.endpoint says whether it does), and name it in NO_PROXY for other programs.`,
    ),
  ];
}
