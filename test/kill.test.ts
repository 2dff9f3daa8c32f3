import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import {
  adminFetch,
  acceptTicket,
  addTenant,
  deskKey,
  jobEnded,
  notesOf,
  runJson,
  start,
  temporaryDirectory,
  until,
} from "./harness.ts";

test.each([
  ["before the desk is asked", "0s", 0],
  ["while the desk takes its time to answer", "2s", 500],
])(
  "kill -9 %s: after the restart the job ends and the desk holds exactly one note",
  { timeout: 120_000 },
  async (_when, delay, afterMs) => {
    const data = await temporaryDirectory();
    const desk = await start(
      ["simulate", "desk", "--key", deskKey, ...(delay === "0s" ? [] : ["--delay", delay])],
      { data: join(data, "desk") },
    );
    await addTenant(data, desk.address("desk"));
    const first = await start(["up"], { data });
    const { job_id: jobId } = await acceptTicket(first.address("webhook"), "KILL-1");
    await sleep(afterMs);
    await first.end("SIGKILL");
    const second = await start(["up"], { data });
    expect(await jobEnded(second.address("admin"), jobId)).toMatchObject({
      state: "done",
      status: "success",
    });
    expect(await notesOf(desk.address("desk"), "KILL-1")).toHaveLength(1);
  },
);

test(
  "kill -9 right after an OTLP acknowledgement: the spans are there after the restart",
  { timeout: 120_000 },
  async () => {
    const data = await temporaryDirectory();
    const first = await start(["traces"], { data });
    const traceId = "0af7651916cd43dd8448eb211c80319c";
    const response = await fetch(`${first.address("otlpHttp")}/v1/traces`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({
        resourceSpans: [
          {
            resource: { attributes: [{ key: "service.name", value: { stringValue: "shop" } }] },
            scopeSpans: [
              {
                spans: [
                  {
                    traceId,
                    spanId: "b7ad6b7169203331",
                    name: "checkout",
                    kind: 2,
                    startTimeUnixNano: String(Date.now() * 1e6),
                    endTimeUnixNano: String(Date.now() * 1e6 + 5e6),
                  },
                ],
              },
            ],
          },
        ],
      }),
    });
    expect(response.status).toBe(200);
    await first.end("SIGKILL");
    const second = await start(["traces"], { data });
    const found = await fetch(`${second.address("console")}/api/traces/${traceId}`);
    expect(found.status).toBe(200);
    expect(await found.text()).toContain("checkout");
  },
);

test(
  "SIGTERM lets the job under way end within 5 s, and the process ends with code 0",
  { timeout: 120_000 },
  async () => {
    const data = await temporaryDirectory();
    const desk = await start(["simulate", "desk", "--delay", "1s"], { data: join(data, "desk") });
    await addTenant(data, desk.address("desk"));
    const up = await start(["up"], { data });
    const { job_id: jobId } = await acceptTicket(up.address("webhook"), "DRAIN-1");
    await until("the job to be taken", async () => {
      const response = await adminFetch(up.address("admin"), `/jobs/${jobId}`);
      return ((await response.json()) as { state: string }).state === "active";
    });
    const asked = Date.now();
    expect(await up.end("SIGTERM")).toBe(0);
    expect(Date.now() - asked).toBeLessThan(5_500);
    expect(await runJson(["jobs", "show", jobId, "--data", data])).toMatchObject({ state: "done" });
  },
);
