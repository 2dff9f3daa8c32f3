import { traceView } from "@throughline/api";
import type { EnhancerStore } from "@throughline/enhancer";
import { randomBytes } from "node:crypto";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { demoDirectory } from "../commands/options.ts";
import { findTrace, hasColours } from "../commands/trace.ts";
import type { CommandContext } from "../commands/context.ts";
import { postWebhook } from "../commands/ticket.ts";
import { type Flags, readModelSettings, readSettings } from "../config.ts";
import { addressOfRunning, openDataDirectory, tokenOfRunning } from "../runtime/data-directory.ts";
import type { Instance } from "../runtime/instance.ts";
import { createLogger } from "../runtime/logger.ts";
import { runUntilStopped } from "../runtime/run-until-stopped.ts";
import { createDeskSimulator } from "../simulate/desk/simulator.ts";
import { renderWaterfall } from "../trace/waterfall.ts";
import { demoTickets } from "./tickets.ts";

const tenantId = "demo";
const sampleData = new URL("data/", import.meta.url).pathname;
/** Spans leave sooner than in production, so that the waterfalls are there at once. */
const batchDelayMs = "200";

/** `up` with a simulated desk and a sample tenant; three tickets go through before your eyes; it stays up. */
export async function runDemo(flags: Flags, context: CommandContext): Promise<void> {
  const settings = readSettings(flags, context.environment, {
    data: demoDirectory,
    slowThreshold: "2s",
  });
  const models = readModelSettings(context.environment);
  const directory = openDataDirectory(settings.data);
  const logger = createLogger("demo", join(directory, "demo.log"), {
    directory: join(directory, "logs"),
    keepMs: settings.logKeep,
    maxBytes: settings.logBytes,
  });
  const say = (text: string) => void process.stdout.write(text);

  const deskKey = randomBytes(24).toString("base64url");
  // A desk of its own for each run: tickets of an earlier one have their notes already.
  rmSync(join(directory, "desk"), { recursive: true, force: true });
  const desk = await createDeskSimulator({
    listen: { host: "127.0.0.1", port: 0 },
    dataDirectory: join(directory, "desk"),
    key: deskKey,
    strict: false,
    faults: { requests: Object.fromEntries(demoTickets.map(({ id, fault }) => [id, fault])) },
  });
  const instance = await context
    .startInstance({
      role: "up",
      settings,
      environment: { OTEL_BSP_SCHEDULE_DELAY: batchDelayMs, ...context.environment },
      models,
      logger,
      beside: { desk: desk.url },
    })
    .catch(async (error: unknown) => {
      await desk.stop();
      throw error;
    });
  const stop = async () => {
    await instance.stop();
    await desk.stop();
  };

  say(
    `Throughline demo: data in ${directory}, secrets made at random, slow means over ${settings.slowThreshold / 1_000} s.\n`,
  );
  say(`  console  ${instance.addresses["console"] ?? ""}\n  desk     ${desk.url} (simulated)\n`);
  say(`  model    ${models[0]?.model ?? "none: OPENAI_API_KEY is not set, notes are extractive"}\n\n`);
  const stopped = runUntilStopped(stop, logger);
  try {
    if (instance.store !== undefined) await setUpTenant(instance.store, desk.url, deskKey);
    const data = settings.data === demoDirectory ? undefined : settings.data;
    await sendTickets(instance, { colour: hasColours(context), data }, say);
    say("\nIt stays up: open the console, or send your own with\n");
    say(
      `  npx throughline ticket send${data === undefined ? "" : ` --data ${data}`} --tenant demo --ticket DEMO-7 --text "VPN drops every hour"\nCtrl-C stops it.\n`,
    );
  } catch (error) {
    await stop();
    throw error;
  }
  await stopped;
}

/** The desk has a new address and key at each start: the tenant is made anew. */
async function setUpTenant(store: EnhancerStore, deskUrl: string, deskKey: string): Promise<void> {
  const { importDocuments, importHistory, importInventory } = await import("@throughline/enhancer/import");
  if ((await store.tenants.find(tenantId)) !== undefined) await store.tenants.remove(tenantId);
  const secret = randomBytes(24).toString("base64url");
  await store.tenants.add({
    id: tenantId,
    settings: { desk: { kind: "servicedesk-plus", url: deskUrl } },
    secrets: { webhook: secret, deskKey },
  });
  const options = { onProgress: () => {}, onBadRow: () => {} };
  await importHistory(store.database, tenantId, join(sampleData, "history.csv"), options);
  await importDocuments(store.database, tenantId, join(sampleData, "docs"), options);
  await importInventory(store.database, tenantId, join(sampleData, "inventory.csv"), options);
}

async function sendTickets(
  { addresses, store, directory }: Instance,
  view: { colour: boolean; data: string | undefined },
  say: (text: string) => void,
): Promise<void> {
  const { sign } = await import("@throughline/enhancer");
  const secret = (await store?.tenants.get(tenantId))?.secrets.webhook ?? "";
  const consoleUrl = addresses["console"] ?? "";
  const token = tokenOfRunning(directory, "console");
  const sent = await Promise.all(
    demoTickets.map(async ({ id, text, priority }) => {
      const raw = JSON.stringify({
        event: "ticket.created",
        ticket_id: id,
        tenant_id: tenantId,
        description: text,
        priority,
        created_at: new Date().toISOString(),
      });
      return postWebhook(`${addresses["webhook"] ?? ""}/webhook/servicedesk`, raw, (body) =>
        sign(secret, body),
      );
    }),
  );
  for (const { trace_id: traceId } of sent) {
    const trace = await untilComplete(addressOfRunning(directory, "console") ?? consoleUrl, traceId, token);
    say(`${renderWaterfall(traceView.parse(trace), { order: "start", consoleUrl, ...view })}\n`);
  }
}

/** Spans arrive in batches: the trace is whole once its last attempt is there. */
async function untilComplete(consoleUrl: string, traceId: string, token: string | undefined) {
  for (let tries = 0; tries < 300; tries++) {
    const trace = await findTrace(consoleUrl, traceId, token);
    if (
      trace !== undefined &&
      trace.summary.enhancementStatus !== null &&
      trace.spans.every((span) => !span.parentMissing)
    )
      return trace;
    await sleep(100);
  }
  throw new Error(`Trace ${traceId} did not end within 30 s; see demo.log in the data directory.`);
}
