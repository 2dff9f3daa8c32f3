import { expect, test } from "vitest";
import { join } from "node:path";
import {
  acceptTicket,
  deskKey,
  jobEnded,
  start,
  startWithDesk,
  temporaryDirectory,
  until,
} from "./harness.ts";
import { freePort } from "./servers.ts";

interface Report {
  status: string;
  since: string;
  parts: Record<
    string,
    { status: string; required: boolean; since: string; ageMs: number | null; detail: string }
  >;
}

async function readiness(admin: string): Promise<{ code: number; report: Report }> {
  const response = await fetch(`${admin}/readyz`);
  return { code: response.status, report: (await response.json()) as Report };
}

test("/readyz tells each part's state, since when and how old it is; a desk and a model that are away leave it ready", async () => {
  const modelPort = await freePort();
  const env = {
    OPENAI_API_KEY: "sk-tests",
    OPENAI_BASE_URL: `http://127.0.0.1:${modelPort}/v1`,
  };
  const { up, desk, data } = await startWithDesk({ env });
  const admin = up.address("admin");
  const first = await readiness(admin);
  expect(first.code).toBe(200);
  for (const part of ["database", "queue", "tenantsKey", "disk", "traces"])
    expect(first.report.parts[part], part).toMatchObject({ status: "ok", required: true });
  expect(Date.parse(first.report.since)).toBeLessThanOrEqual(Date.now());

  const { job_id: job } = await acceptTicket(up.address("webhook"), "HEALTH-1");
  await jobEnded(admin, job);
  const modelAway = await readiness(admin);
  expect(modelAway.code).toBe(200);
  expect(modelAway.report).toMatchObject({
    status: "degraded",
    parts: {
      model: { status: "failed", required: false },
      "desk.servicedesk-plus": { status: "ok", ageMs: expect.any(Number) },
    },
  });
  await until("the log to tell", () => up.output().includes("model fails"));
  expect(up.output().split("model fails").length).toBe(2);

  const port = new URL(desk.address("desk")).port;
  await desk.end();
  await acceptTicket(up.address("webhook"), "HEALTH-2");
  const deskAway = await until("the desk to be seen away", async () => {
    const { code, report } = await readiness(admin);
    return report.parts["desk.servicedesk-plus"]?.status === "failed" ? { code, report } : undefined;
  });
  expect(deskAway).toMatchObject({ code: 200, report: { status: "degraded" } });
  await start(["simulate", "desk", "--key", deskKey, "--listen", `127.0.0.1:${port}`], {
    data: join(data, "desk-again"),
  });
  await until("the desk to be seen again", async () => {
    const { report } = await readiness(admin);
    return report.parts["desk.servicedesk-plus"]?.status === "ok";
  });
  expect((await fetch(`${admin}/healthz`)).status).toBe(200);
});

test("what a role does not need leaves it ready: a receiver whose trace backend is away", async () => {
  const data = await temporaryDirectory();
  const env = {
    OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${await freePort()}`,
    OTEL_BSP_EXPORT_TIMEOUT: "500",
  };
  const receiver = await start(["receiver"], { data, env });
  const admin = receiver.address("admin");
  await fetch(`${receiver.address("webhook")}/webhook/servicedesk`, { method: "POST", body: "{}" });
  const seen = await until("the trace backend to be seen away", async () => {
    const found = await readiness(admin);
    return found.report.parts["traceExport"]?.status === "failed" ? found : undefined;
  });
  expect(seen).toMatchObject({
    code: 200,
    report: { status: "degraded", parts: { traceExport: { required: false } } },
  });
  expect(seen.report.parts["traces"]).toBeUndefined();
});
