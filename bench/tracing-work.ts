/** One measurement of tracing.ts, in a process of its own: prints microseconds of CPU for a span. */
import { context, SpanKind, trace } from "@opentelemetry/api";
import { ProtobufTraceSerializer } from "@opentelemetry/otlp-transformer";
import {
  BatchSpanProcessor,
  type ReadableSpan,
  type SpanExporter,
  TracerProvider,
} from "@opentelemetry/sdk-trace";
import { initTracerProvider } from "@throughline/tracing";
import { createRedactor } from "@throughline/tracing/redaction";
import { request } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";

const [mode = "", grpc = "", http = "", seconds = "10"] = process.argv.slice(2);
const spans = 100_000;

/** As `job_queued` has them. */
function attributes(at: number): Record<string, string | number> {
  const id = `4c7b6a1e-9d7c-4a4e-8c7b-${100_000_000_000 + at}`;
  return {
    "tenant.id": "acme",
    "ticket.id": `TICKET-${at}`,
    "status.code": 0,
    "queue.name": "enhancements",
    "job.id": id,
    "messaging.system": "sqlite",
    "messaging.operation.name": "send",
    "messaging.operation.type": "send",
    "messaging.destination.name": "enhancements",
    "messaging.message.id": id,
  };
}

async function produce(count: number, first: number): Promise<void> {
  const tracer = trace.getTracer("bench");
  for (let at = first; at < first + count; at++) {
    const options = { kind: SpanKind.PRODUCER, startTime: Date.now(), attributes: attributes(at) };
    tracer.startSpan("job_queued", options, context.active()).end(Date.now() + 0.1);
    // Senders run between the turns of a busy service.
    if (at % 256 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
}

async function measured(
  work: (first: number) => Promise<void> | void,
  settle: () => Promise<unknown> = () => Promise.resolve(),
) {
  await work(0);
  await settle();
  const before = process.cpuUsage();
  await work(spans);
  await settle();
  const { user, system } = process.cpuUsage(before);
  process.stdout.write(`${(user + system) / spans}\n`);
}

/** The SDK's serializer over plain HTTP: what its OTLP exporter does, without its retries. */
class StockExporter implements SpanExporter {
  export(batch: ReadableSpan[], done: (result: { code: number }) => void): void {
    const body = ProtobufTraceSerializer.serializeRequest(batch);
    const headers = { "content-type": "application/x-protobuf", "content-length": body?.length ?? 0 };
    const outgoing = request(http, { method: "POST", headers }, (answer) => {
      answer.resume().on("end", () => done({ code: answer.statusCode === 200 ? 0 : 1 }));
    });
    outgoing.end(body);
  }

  shutdown(): Promise<void> {
    return Promise.resolve();
  }
}

const quick = {
  OTEL_BSP_SCHEDULE_DELAY: "200",
  OTEL_BSP_MAX_QUEUE_SIZE: "100000",
  OTEL_EXPORTER_OTLP_ENDPOINT: grpc,
};

switch (mode) {
  case "sdk":
    trace.setGlobalTracerProvider(new TracerProvider());
    await measured((first) => produce(spans, first));
    break;
  case "redact":
  case "cold": {
    const redactor = createRedactor();
    const texts = (at: number) =>
      mode === "redact"
        ? attributes(0)
        : Object.fromEntries(
            Object.entries(attributes(at)).map(([key, value]) => [key, `${value} of ${at}`]),
          );
    await measured((first) => {
      for (let at = first; at < first + spans; at++)
        for (const [key, value] of Object.entries(texts(at)))
          if (typeof value === "string") redactor.string(key, value);
    });
    break;
  }
  case "all": {
    const tracing = initTracerProvider({ environment: quick });
    await measured(
      (first) => produce(spans, first),
      () => tracing.flush(60_000),
    );
    if (tracing.counts().dropped > 0) throw new Error(`dropped ${tracing.counts().dropped}`);
    await tracing.shutdown();
    break;
  }
  case "stock": {
    const processor = new BatchSpanProcessor({
      exporter: new StockExporter(),
      maxQueueSize: 100_000,
      scheduledDelayMillis: 200,
    });
    trace.setGlobalTracerProvider(new TracerProvider({ spanProcessors: [processor] }));
    await measured(
      (first) => produce(spans, first),
      () => processor.forceFlush(),
    );
    break;
  }
  case "steady": {
    const tracing = initTracerProvider({
      environment: { OTEL_EXPORTER_OTLP_PROTOCOL: "http/protobuf", OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: http },
    });
    const began = performance.now();
    for (let sent = 0; sent < Number(seconds) * 10_000; sent += 100) {
      await produce(100, sent);
      const aheadMs = (sent + 100) / 10 - (performance.now() - began);
      if (aheadMs > 1) await sleep(aheadMs);
    }
    await tracing.flush(60_000);
    const { ended, exported, dropped } = tracing.counts();
    process.stdout.write(`${ended} ended, ${exported} exported, ${dropped} lost\n`);
    await tracing.shutdown();
    break;
  }
  default:
    throw new Error(`unknown mode ${mode}`);
}
