import { join } from "node:path";
import { expect, test } from "vitest";
import {
  acceptTicket,
  addTenant,
  deskKey,
  jobEnded,
  named,
  notesOf,
  run,
  runJson,
  start,
  tag,
  temporaryDirectory,
  traceWith,
} from "./harness.ts";

test(
  "receiver, worker and traces as three processes do what up does in one",
  { timeout: 120_000 },
  async () => {
    const data = await temporaryDirectory();
    const desk = await start(["simulate", "desk", "--key", deskKey], { data: join(data, "desk") });
    // In the order that is hardest: the backend comes last, at an address that nobody knows beforehand.
    const receiver = await start(["receiver"], { data });
    const worker = await start(["worker"], { data });
    const traces = await start(["traces"], { data });
    expect(Object.keys(receiver.ready).sort()).toEqual(["admin", "pid", "webhook"]);
    expect(Object.keys(worker.ready).sort()).toEqual(["admin", "pid"]);
    expect(Object.keys(traces.ready).sort()).toEqual([
      "admin",
      "console",
      "jaegerBinary",
      "jaegerCompact",
      "jaegerThrift",
      "otlpGrpc",
      "otlpHttp",
      "pid",
      "queryGrpc",
      "zipkin",
    ]);

    // A tenant added while they run is known at once.
    await addTenant(data, desk.address("desk"));
    const { job_id: jobId, trace_id: traceId } = await acceptTicket(receiver.address("webhook"), "ROLES-1");
    expect(await jobEnded(receiver.address("admin"), jobId)).toMatchObject({
      state: "done",
      status: "success",
    });
    expect(await notesOf(desk.address("desk"), "ROLES-1")).toHaveLength(1);
    const spans = await traceWith(
      traces.address("console"),
      traceId,
      (found) => named(found, "enhance_ticket").length === 1 && named(found, "job_queued").length === 1,
    );
    expect(spans.length).toBeGreaterThanOrEqual(9);

    const shown = await run(["trace", "ROLES-1", "--data", data]);
    expect(shown.code).toBe(0);
    expect(shown.stdout).toContain("api.servicedesk_plus.update_ticket");
    expect(shown.stdout).toContain("bottleneck");
    const sorted = await runJson<{ spans: { durationNs: number }[] }>([
      "trace",
      traceId,
      "--sort",
      "duration",
      "--data",
      data,
    ]);
    expect(sorted.spans.length).toBe(spans.length);

    const processes = (await (await fetch(`${traces.address("console")}/api/traces/${traceId}`)).json()) as {
      data: { processes: Record<string, { serviceName: string; tags: { key: string; value: unknown }[] }> }[];
    };
    const roles = Object.values(processes.data[0]?.processes ?? {}).map(
      ({ tags }) => tags.find(({ key }) => key === "throughline.role")?.value,
    );
    expect(new Set(roles)).toEqual(new Set(["receiver", "worker"]));
    expect(tag(spans[0], "tenant.id")).toBe("acme");
  },
);

test("a paused queue takes no job until it is resumed, whoever runs", { timeout: 120_000 }, async () => {
  const data = await temporaryDirectory();
  const desk = await start(["simulate", "desk"], { data: join(data, "desk") });
  await addTenant(data, desk.address("desk"));
  const up = await start(["up"], { data });
  expect(await runJson(["queue", "pause", "--data", data])).toMatchObject({ paused: true });
  const sent = await runJson<{ job_id: string }>([
    "ticket",
    "send",
    "--tenant",
    "acme",
    "--ticket",
    "PAUSE-1",
    "--text",
    "it hangs",
    "--data",
    data,
  ]);
  await new Promise((resolve) => setTimeout(resolve, 700));
  expect(await runJson(["queue", "status", "--data", data])).toMatchObject({ paused: true, waiting: 1 });
  await run(["queue", "resume", "--data", data]);
  expect(await jobEnded(up.address("admin"), sent.job_id)).toMatchObject({ state: "done" });
  expect(
    await runJson<{ jobs: object[] }>(["jobs", "list", "--ticket", "PAUSE-1", "--data", data]),
  ).toMatchObject({ jobs: [{ state: "done" }] });
});
