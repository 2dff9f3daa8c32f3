import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from "@opentelemetry/sdk-trace";
import type { JobView } from "@throughline/api";
import { Health } from "@throughline/api/health";
import { Metrics } from "@throughline/api/metrics";
import { createEnhancer, type EnhancerConfig } from "@throughline/enhancer";
import { storeTickets } from "@throughline/enhancer/import";
import { createRedactor } from "@throughline/tracing/redaction";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import pino from "pino";
import { onTestFinished } from "vitest";
import { createDeskSimulator, type SimulatorOptions } from "../desk/simulator.ts";
import { createLlmSimulator, type LlmSimulatorOptions } from "../llm/simulator.ts";

const anyPort = { host: "127.0.0.1", port: 0 };
const deskKey = "desk-key-of-the-tests";

export interface DeskNoteView {
  id: string;
  description: string;
  show_to_requester: boolean;
}

/** A worker in this process, a real database, a simulated desk and model over real sockets; ended with the test. */
export async function startRig(
  options: {
    desk?: Partial<SimulatorOptions>;
    llm?: Partial<LlmSimulatorOptions>;
    /** Sections of the tenant's settings, beside its desk. */
    settings?: Record<string, unknown>;
    config?: Partial<EnhancerConfig>;
  } = {},
) {
  const directory = await mkdtemp(join(tmpdir(), "throughline-rig-"));
  await mkdir(join(directory, "data"), { mode: 0o700 });
  const parts = { listen: anyPort, strict: false, faults: {} };
  const kind = options.desk?.kind ?? "servicedesk-plus";
  const desk = await createDeskSimulator({
    ...parts,
    dataDirectory: join(directory, "desk"),
    key: deskKey,
    ...options.desk,
  });
  await mkdir(join(directory, "llm"));
  const llm =
    options.llm === undefined
      ? undefined
      : await createLlmSimulator({ ...parts, dataDirectory: join(directory, "llm"), ...options.llm });
  const memory = new InMemorySpanExporter();
  const provider = new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter: memory })] });
  const enhancer = await createEnhancer(
    {
      dataDirectory: join(directory, "data"),
      postgres: undefined,
      webhook: undefined,
      worker: true,
      models: llm === undefined ? [] : [{ apiKey: "sk-rig", baseUrl: `${llm.url}/v1`, model: "gpt-4o-mini" }],
      prices: undefined,
      notesOn: true,
      publicUrl: "https://throughline.example.com",
      ...options.config,
    },
    {
      tracer: provider.getTracer("rig"),
      slowAfterMs: () => undefined,
      redactor: createRedactor(),
      health: new Health(),
      metrics: new Metrics(),
      logger: pino({ level: "silent" }),
    },
  );
  onTestFinished(async () => {
    await enhancer.stop(0);
    await desk.stop();
    await llm?.stop();
    await rm(directory, { recursive: true, force: true });
  });
  const { store } = enhancer;
  const addTenant = (id: string, settings: Record<string, unknown> = {}) =>
    store.tenants.add({
      id,
      settings: { ...settings, desk: { kind, url: desk.url } },
      secrets: { webhook: "s", deskKey },
    });
  await addTenant("acme", options.settings);

  let deliveries = 0;
  const ended = async (jobId: string): Promise<JobView> => {
    for (let tries = 0; tries < 1_500; tries++) {
      const job = await store.queue.show(jobId);
      if (job.state === "done" || job.state === "dead") return job;
      await sleep(20);
    }
    throw new Error(`job ${jobId} did not end`);
  };
  const enqueue = async (ticketId: string, description: string, tenantId = "acme") => {
    const { jobId } = await store.queue.enqueue({
      deliveryId: `delivery-${++deliveries}`,
      ticket: {
        tenantId,
        ticketId,
        event: "ticket.created",
        description,
        priority: "high",
        createdAt: new Date().toISOString(),
      },
      carrier: { traceparent: "", tracestate: "", traceStartMs: Date.now() },
    });
    return jobId;
  };
  return {
    store,
    desk,
    llm,
    ended,
    enqueue,
    addTenant,
    spans: () => memory.getFinishedSpans(),
    /** Sends a ticket through. */
    run: async (ticketId: string, description = "VPN certificate expired", tenantId = "acme") =>
      ended(await enqueue(ticketId, description, tenantId)),
    /** What the desk holds, whichever desk it is. */
    notes: async (ticketId: string): Promise<DeskNoteView[]> => {
      const response = await fetch(`${desk.url}/_simulator/requests/${ticketId}`);
      return ((await response.json()) as { notes: DeskNoteView[] }).notes;
    },
    /** Makes or changes a ticket on the desk, as its people do. */
    edit: async (ticketId: string, fields: Record<string, unknown>) => {
      const headers = { authtoken: deskKey, authorization: `Token token=${deskKey}` };
      const isZammad = kind === "zammad";
      const url = isZammad
        ? `${desk.url}/api/v1/tickets/${ticketId}`
        : `${desk.url}/api/v3/requests/${ticketId}`;
      const { subject, description, status, group, category } = fields;
      const zammad = { title: subject, group, category, state: status };
      const body = isZammad
        ? JSON.stringify({
            ...zammad,
            ...(description === undefined ? {} : { article: { body: description } }),
          })
        : new URLSearchParams({ input_data: JSON.stringify({ request: fields }) }).toString();
      const type = isZammad ? "application/json" : "application/x-www-form-urlencoded";
      const response = await fetch(url, {
        method: "PUT",
        headers: { ...headers, "content-type": type },
        body,
      });
      if (!response.ok) throw new Error(`the desk answered ${response.status}: ${await response.text()}`);
    },
    importHistory: async (rows: { id: string; subject: string; resolution: string }[], tenantId = "acme") => {
      const tickets = rows.map(({ id, subject, resolution }) => ({
        ticket_id: id,
        subject,
        description: subject,
        resolution,
      }));
      await storeTickets(store.database, tenantId, tickets);
    },
  };
}
