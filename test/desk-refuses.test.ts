import { expect, test } from "vitest";
import {
  acceptTicket,
  addTenant,
  type Job,
  jobEnded,
  named,
  notesOf,
  run,
  runJson,
  start,
  startWithDesk,
  tag,
  temporaryDirectory,
  traceWith,
} from "./harness.ts";
import { join } from "node:path";
import { deskKey } from "./harness.ts";

test(
  "a desk that answers 403: the trace says so, the job is dead with the reason, a retry after the cure writes the note in the same trace",
  { timeout: 120_000 },
  async () => {
    const { data, desk, up } = await startWithDesk({ deskArgs: ["--fail", "403"] });
    const { job_id: jobId, trace_id: traceId } = await acceptTicket(up.address("webhook"), "TICKET-403");
    const dead = await jobEnded(up.address("admin"), jobId);
    expect(dead).toMatchObject({ state: "dead", status: "failed", attempts: 1 });
    expect(dead.reason).toContain("403");

    const spans = await traceWith(
      up.address("console"),
      traceId,
      (found) => named(found, "enhance_ticket").length === 1,
    );
    const [update] = named(spans, "api.servicedesk_plus.update_ticket");
    expect(tag(update, "error")).toBe(true);
    expect(tag(update, "otel.status_code")).toBe("ERROR");
    expect(tag(update, "status.code")).toBe(403);
    expect(tag(update, "http.status_code")).toBe(403);
    expect(tag(update, "error.type")).toBeDefined();
    expect(String(tag(update, "error.message"))).toContain("403");
    expect(
      update?.logs.flatMap(({ fields }) =>
        fields.filter(({ key }) => key === "event").map(({ value }) => value),
      ),
    ).toContain("exception");
    expect(JSON.stringify(spans)).not.toContain(deskKey);
    const [attempt] = named(spans, "enhance_ticket");
    expect(tag(attempt, "error")).toBe(true);
    expect(tag(attempt, "enhancement.status")).toBe("failed");
    for (const name of ["context_gathering", "llm.openai.completion", "job_queued"])
      expect(tag(named(spans, name)[0], "error"), name).toBeUndefined();

    const deskPort = new URL(desk.address("desk")).host;
    await desk.end();
    await start(["simulate", "desk", "--key", deskKey, "--listen", deskPort], { data: join(data, "desk") });
    const retried = await runJson<Job>(["jobs", "retry", jobId, "--data", data]);
    expect(retried.state).toBe("waiting");
    const done = await jobEnded(up.address("admin"), jobId);
    expect(done).toMatchObject({ state: "done", status: "success" });
    expect(await notesOf(`http://${deskPort}`, "TICKET-403")).toHaveLength(1);

    const again = await traceWith(
      up.address("console"),
      traceId,
      (found) => named(found, "enhance_ticket").length === 2,
    );
    const [first, second] = named(again, "enhance_ticket");
    expect(tag(second, "job.attempt")).toBe(2);
    expect(tag(second, "enhancement.status")).toBe("success");
    expect(second?.references.find(({ refType }) => refType === "CHILD_OF")?.spanID).toBe(
      first?.references.find(({ refType }) => refType === "CHILD_OF")?.spanID,
    );
    expect((await run(["jobs", "retry", jobId, "--data", data])).code).toBe(1);
  },
);

test(
  "a desk that is down: the job waits for another attempt and ends once the desk is back",
  { timeout: 120_000 },
  async () => {
    const data = await temporaryDirectory();
    const desk = await start(["simulate", "desk"], { data: join(data, "desk") });
    const port = new URL(desk.address("desk")).host;
    await desk.end();
    await addTenant(data, `http://${port}`);
    const up = await start(["up"], { data });
    const { job_id: jobId, trace_id: traceId } = await acceptTicket(up.address("webhook"), "TICKET-1");
    await traceWith(
      up.address("console"),
      traceId,
      (found) => tag(named(found, "enhance_ticket")[0], "error") === true,
    );
    await start(["simulate", "desk", "--listen", port], { data: join(data, "desk") });
    expect(await jobEnded(up.address("admin"), jobId)).toMatchObject({ state: "done", status: "success" });
    expect(await notesOf(`http://${port}`, "TICKET-1")).toHaveLength(1);
  },
);
