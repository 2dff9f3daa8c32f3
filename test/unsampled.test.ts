import { expect, test } from "vitest";
import {
  acceptTicket,
  type JaegerSpan,
  jobEnded,
  named,
  postTicket,
  run,
  runJson,
  start,
  startWithDesk,
  tag,
  temporaryDirectory,
  traceWith,
  until,
} from "./harness.ts";

const nothing = { OTEL_TRACES_SAMPLER: "traceidratio", OTEL_TRACES_SAMPLER_ARG: "0" };

function whole(spans: readonly JaegerSpan[]): boolean {
  return ["POST /webhook/servicedesk", "job_queued", "enhance_ticket"].every(
    (name) => named(spans, name).length > 0,
  );
}

async function known(console: string, traceId: string): Promise<boolean> {
  return (await fetch(`${console}/api/traces/${traceId}`)).status === 200;
}

test(
  "a ticket that fails is exported though it was not sampled, whole, with its reason; one that goes well is not",
  { timeout: 120_000 },
  async () => {
    const well = await startWithDesk({ env: nothing });
    const good = await acceptTicket(well.up.address("webhook"), "GOOD-1");
    expect(await jobEnded(well.up.address("admin"), good.job_id)).toMatchObject({ status: "success" });
    const { up } = await startWithDesk({ deskArgs: ["--fail", "403"], env: nothing });
    const bad = await acceptTicket(up.address("webhook"), "BAD-1", "secret token=abcdefghijkl VPN down");
    expect(await jobEnded(up.address("admin"), bad.job_id)).toMatchObject({ state: "dead" });
    const spans = await traceWith(up.address("console"), bad.trace_id, whole);
    for (const span of spans) expect(tag(span, "sampling.reason"), span.operationName).toBe("error");
    const [webhook] = named(spans, "POST /webhook/servicedesk");
    const [queued] = named(spans, "job_queued");
    const [enhanced] = named(spans, "enhance_ticket");
    for (const key of [
      "tenant.id",
      "ticket.id",
      "ticket.priority",
      "ticket.event",
      "webhook.id",
      "http.route",
      "http.response.status_code",
    ])
      expect(tag(webhook, key), key).toBeDefined();
    expect(String(tag(webhook, "ticket.description"))).not.toContain("abcdefghijkl");
    expect(tag(webhook, "sampling.rebuilt")).toBe(true);
    expect(tag(enhanced, "sampling.rebuilt")).toBeUndefined();
    expect(tag(enhanced, "w3c.tracestate")).toBe("ot=th:0");
    expect(queued?.references).toEqual([
      { refType: "CHILD_OF", traceID: bad.trace_id, spanID: webhook?.spanID },
    ]);
    expect(enhanced?.references).toContainEqual({
      refType: "CHILD_OF",
      traceID: bad.trace_id,
      spanID: queued?.spanID,
    });
    expect(named(spans, "api.servicedesk_plus.update_ticket")).toHaveLength(1);
    expect(await known(well.up.address("console"), good.trace_id)).toBe(false);
  },
);

test("so is one that is partial, and one that is slow", { timeout: 120_000 }, async () => {
  const model = { OPENAI_API_KEY: "k", OPENAI_BASE_URL: "http://127.0.0.1:9/v1" };
  const partial = await startWithDesk({ env: { ...nothing, ...model } });
  const one = await acceptTicket(partial.up.address("webhook"), "PART-1");
  expect(await jobEnded(partial.up.address("admin"), one.job_id)).toMatchObject({ status: "partial" });
  const lacking = await traceWith(partial.up.address("console"), one.trace_id, whole);
  expect(new Set(lacking.map((span) => tag(span, "sampling.reason")))).toEqual(new Set(["partial"]));

  const slow = await startWithDesk({ env: nothing, args: ["--slow-threshold", "1ms"] });
  const two = await acceptTicket(slow.up.address("webhook"), "SLOW-1");
  await jobEnded(slow.up.address("admin"), two.job_id);
  const late = await traceWith(slow.up.address("console"), two.trace_id, whole);
  expect(new Set(late.map((span) => tag(span, "sampling.reason")))).toEqual(new Set(["slow"]));
  expect(new Set(late.map((span) => tag(span, "slow_trace")))).toEqual(new Set([true]));
});

test(
  "attempts after one that failed are in the trace too, and a manual retry starts a new clock",
  { timeout: 120_000 },
  async () => {
    const { data, up } = await startWithDesk({ deskArgs: ["--fail", "403"], env: nothing });
    const ticket = await acceptTicket(up.address("webhook"), "AGAIN-1");
    await jobEnded(up.address("admin"), ticket.job_id);
    const retried = await runJson<{ state: string }>(["jobs", "retry", ticket.job_id, "--data", data]);
    expect(retried.state).toBe("waiting");
    const spans = await traceWith(
      up.address("console"),
      ticket.trace_id,
      (found) => named(found, "enhance_ticket").length === 2,
    );
    expect(named(spans, "POST /webhook/servicedesk")).toHaveLength(1);
    expect(named(spans, "enhance_ticket").map((span) => tag(span, "job.attempt"))).toEqual([1, 2]);
  },
);

test(
  "rules decide by tenant, priority and route, and each span says what it stands for",
  { timeout: 120_000 },
  async () => {
    const env = {
      OTEL_TRACES_SAMPLER: "parentbased_rules",
      OTEL_TRACES_SAMPLER_ARG: "priority=critical:1, tenant=acme:0, *:1",
    };
    const { up } = await startWithDesk({ env });
    const send = async (id: string, priority: string) => {
      const response = await postTicket(up.address("webhook"), { ticket_id: id, priority });
      const answer = (await response.json()) as { trace_id: string; job_id: string };
      await jobEnded(up.address("admin"), answer.job_id);
      return answer.trace_id;
    };
    const low = await send("LOW-1", "low");
    const critical = await send("CRIT-1", "critical");
    const spans = await traceWith(up.address("console"), critical, whole);
    expect(new Set(spans.map((span) => tag(span, "w3c.tracestate")))).toEqual(new Set(["ot=th:0"]));
    expect(spans.every((span) => tag(span, "sampling.reason") === undefined)).toBe(true);
    expect(await known(up.address("console"), low)).toBe(false);
  },
);

test.each(["http/protobuf", "http/json"])(
  "spans leave by %s as well, compressed",
  { timeout: 120_000 },
  async (protocol) => {
    const first = await startWithDesk();
    const endpoint = first.up.address("otlpHttp");
    const env = {
      OTEL_EXPORTER_OTLP_PROTOCOL: protocol,
      OTEL_EXPORTER_OTLP_ENDPOINT: endpoint,
      OTEL_EXPORTER_OTLP_COMPRESSION: "gzip",
    };
    const { up } = await startWithDesk({ env });
    const ticket = await acceptTicket(up.address("webhook"), "HTTP-1");
    const spans = await traceWith(first.up.address("console"), ticket.trace_id, whole);
    expect(named(spans, "context_gathering")).toHaveLength(1);
  },
);

test(
  "spans wait in the spill file while the backend is away, also over a restart, and arrive later",
  { timeout: 120_000 },
  async () => {
    const backend = await startWithDesk();
    const endpoint = `http://${backend.up.address("otlpGrpc")}`;
    const { data, up } = await startWithDesk();
    await up.end();
    const file = `${data}/spill`;
    const away = await start(["up"], {
      data,
      env: { OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:9", THROUGHLINE_TRACES_SPILL_FILE: file },
    });
    const ticket = await acceptTicket(away.address("webhook"), "SPILL-1");
    await jobEnded(away.address("admin"), ticket.job_id);
    await until(
      "spans to be spilled",
      async () =>
        Number(
          /^throughline_spans_spilled_total (\d+)$/m.exec(
            await (await fetch(`${away.address("admin")}/metrics`)).text(),
          )?.[1],
        ) >= 9,
    );
    await away.end();
    await start(["up"], {
      data,
      env: { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, THROUGHLINE_TRACES_SPILL_FILE: file },
    });
    expect(whole(await traceWith(backend.up.address("console"), ticket.trace_id, whole))).toBe(true);
  },
);

test.each([
  ["OTEL_TRACES_SAMPLER", "sometimes", "one of always_on"],
  ["OTEL_TRACES_SAMPLER_ARG", "2", "from 0 to 1"],
  ["OTEL_EXPORTER_OTLP_PROTOCOL", "thrift", "one of grpc, http/protobuf, http/json"],
  ["OTEL_EXPORTER_OTLP_ENDPOINT", "ftp://x", "http://host:port"],
  ["OTEL_BSP_MAX_QUEUE_SIZE", "-1", "whole number"],
  ["OTEL_EXPORTER_OTLP_CERTIFICATE", "/nonexistent.pem", "cannot be read"],
  ["OTEL_PROPAGATORS", "smoke", "tracecontext, baggage"],
  ["THROUGHLINE_TRACES_SPILL_FILE", "/nonexistent/spill", "/nonexistent/spill"],
])("a wrong %s stops the start with a sentence", { timeout: 60_000 }, async (name, value, expected) => {
  const data = await temporaryDirectory();
  const ports = ["webhook", "admin", "console", "otlp-grpc", "otlp-http"].flatMap((part) => [
    `--${part}`,
    "127.0.0.1:0",
  ]);
  const { code, stderr } = await run(["up", "--data", data, ...ports], { env: { [name]: value } });
  expect(stderr).toContain(name);
  expect(stderr).toContain(value);
  expect(stderr).toContain(expected);
  expect(code).toBe(2);
});
