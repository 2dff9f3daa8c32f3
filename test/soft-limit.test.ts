import { sql } from "kysely";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { openPostgres } from "../packages/enhancer/src/database/postgres.ts";
import {
  acceptTicket,
  addTenant,
  deskKey,
  jobEnded,
  named,
  notesOf,
  run,
  start,
  tag,
  temporaryDirectory,
  traceWith,
} from "./harness.ts";
import { startPostgresIn } from "./servers.ts";

async function system(jobLimit: string) {
  const data = await temporaryDirectory();
  const { url } = await startPostgresIn(join(await temporaryDirectory(), "data"));
  const desk = await start(["simulate", "desk", "--key", deskKey], { data: join(data, "desk") });
  const llm = await start(["simulate", "llm", "--answer", "hang"], { data: join(data, "llm") });
  await addTenant(data, desk.address("desk"), ["--postgres", url]);
  const env = {
    OPENAI_API_KEY: "k",
    OPENAI_BASE_URL: `${llm.address("llm")}/v1`,
    OPENAI_MODEL: "gpt-4o-mini",
  };
  const history = join(data, "history.jsonl");
  const known = {
    ticket_id: "VPN-1",
    subject: "VPN certificate expired",
    description: "VPN says expired",
    resolution: "Renewed the certificate.",
  };
  await writeFile(history, `${JSON.stringify(known)}\n`);
  const imported = await run([
    "import",
    "history",
    history,
    "--tenant",
    "acme",
    "--data",
    data,
    "--postgres",
    url,
  ]);
  if (imported.code !== 0) throw new Error(imported.stderr);
  const up = await start(["up", "--postgres", url, "--job-limit", jobLimit], { data, env });
  return { url, desk, up };
}

test("at its soft limit an attempt waits for neither context nor model any more, and writes the note from what there is", async () => {
  const { url, desk, up } = await system("12s");
  const database = openPostgres(url);
  onTestFinished(() => database.destroy());
  const { job, trace } = await database.transaction().execute(async (transaction) => {
    // Whoever looks into the history waits until this ends.
    await sql`lock table ticket_history in access exclusive mode`.execute(transaction);
    const { job_id: id, trace_id: traceId } = await acceptTicket(up.address("webhook"), "SOFT-1");
    return { job: await jobEnded(up.address("admin"), id), trace: traceId };
  });
  expect(job).toMatchObject({ state: "done", status: "partial", attempts: 1 });
  const [note, ...more] = await notesOf(desk.address("desk"), "SOFT-1");
  expect(more).toEqual([]);
  expect(note?.description).toContain("Timeout waiting for ticket history");
  const spans = await traceWith(
    up.address("console"),
    trace,
    (found) => named(found, "enhance_ticket").length === 1,
  );
  expect(tag(named(spans, "context.ticket_history")[0], "error.type")).toBe("timeout");
  expect(tag(named(spans, "context.documentation")[0], "error")).toBeUndefined();
  const [enhanced] = named(spans, "enhance_ticket");
  expect([tag(enhanced, "enhancement.status"), tag(enhanced, "error")]).toEqual(["partial", undefined]);
});

test("a model that hangs costs the time up to the soft limit, and the note is extractive", async () => {
  const { desk, up } = await system("12s");
  const { job_id: id, trace_id: trace } = await acceptTicket(up.address("webhook"), "SOFT-2");
  expect(await jobEnded(up.address("admin"), id)).toMatchObject({
    state: "done",
    status: "partial",
    attempts: 1,
  });
  const [note] = await notesOf(desk.address("desk"), "SOFT-2");
  expect(note?.description).toContain("the configured model failed");
  const spans = await traceWith(
    up.address("console"),
    trace,
    (found) => named(found, "enhance_ticket").length === 1,
  );
  expect(tag(named(spans, "llm.openai.completion")[0], "error.type")).toBe("timeout");
});
