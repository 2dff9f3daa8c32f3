import { join } from "node:path";
import { expect, test } from "vitest";
import { randomNumbers, rounds, seed } from "../packages/traces/test/rounds.ts";
import {
  acceptTicket,
  addTenant,
  adminFetch,
  deskKey,
  isRightEnd,
  type Job,
  notesOf,
  start,
  temporaryDirectory,
  until,
} from "./harness.ts";
import { freePort, startRedis } from "./servers.ts";

const model = { OPENAI_API_KEY: "sk-of-the-tests", OPENAI_MODEL: "gpt-4o-mini" };

test.each(["sqlite", "redis"] as const)(
  "on %s: a desk and a model that throttle, hang, cut and answer garbage cost attempts, not tickets, and no ticket gets two notes",
  { timeout: 600_000 },
  async (queue) => {
    const data = await temporaryDirectory();
    const flags = queue === "redis" ? ["--redis", `redis://127.0.0.1:${await startRedis()}`] : [];
    const [deskAt, modelAt] = [`127.0.0.1:${await freePort()}`, `127.0.0.1:${await freePort()}`];
    const startDesk = (...faults: string[]) =>
      start(["simulate", "desk", "--key", deskKey, "--listen", deskAt, ...faults], {
        data: join(data, "desk"),
      });
    const startModel = (...faults: string[]) =>
      start(["simulate", "llm", "--listen", modelAt, ...faults], { data: join(data, "llm") });
    let desk = await startDesk();
    let llm = await startModel();
    await addTenant(data, `http://${deskAt}`, flags);
    const env = { ...model, OPENAI_BASE_URL: `http://${modelAt}/v1` };
    const up = await start(["up", "--job-limit", "6s", ...flags], { data, env });

    const accepted = new Map<string, string>();
    const phases: [name: string, desk: string[], model: string[]][] = [
      ["throttle", ["--throttle", "30", "--on-reads"], ["--throttle", "2"]],
      ["drop", ["--drop", "0.4", "--on-reads"], ["--drop", "0.5"]],
      ["hang", ["--answer", "hang"], ["--answer", "hang"]],
      ["garbage", ["--answer", "garbage", "--on-reads"], ["--answer", "garbage"]],
      ["inner", ["--answer", "inner", "--on-reads"], ["--answer", "inner"]],
      ["cut", ["--answer", "cut"], ["--answer", "cut"]],
      ["endless", ["--answer", "endless", "--on-reads"], ["--answer", "endless"]],
      ["fail", ["--fail-rate", "0.5"], ["--fail", "500"]],
    ];
    // `npm test` runs two of them, `npm run test:long` all.
    const random = randomNumbers(seed);
    while (phases.length > Math.max(2, rounds(phases.length))) phases.splice(random(phases.length), 1);
    for (const [name, deskFaults, modelFaults] of phases) {
      await Promise.all([desk.end(), llm.end()]);
      [desk, llm] = await Promise.all([startDesk(...deskFaults), startModel(...modelFaults)]);
      for (let at = 0; at < 3; at++) {
        const ticket = `CHAOS-${name.toUpperCase()}-${at}`;
        accepted.set(ticket, (await acceptTicket(up.address("webhook"), ticket)).job_id);
      }
      await new Promise((resolve) => setTimeout(resolve, 2_000));
    }
    await Promise.all([desk.end(), llm.end()]);
    [desk, llm] = await Promise.all([startDesk(), startModel()]);

    const ends: Record<string, number> = {};
    const wrong: string[] = [];
    for (const [ticket, jobId] of accepted) {
      const job = await until(
        `${ticket} to end`,
        async () => {
          const found = (await (await adminFetch(up.address("admin"), `/jobs/${jobId}`)).json()) as Job;
          return found.state === "done" || found.state === "dead" ? found : undefined;
        },
        240_000,
      );
      ends[job.state] = (ends[job.state] ?? 0) + 1;
      const notes = await notesOf(desk.address("desk"), ticket);
      if (!isRightEnd(job, notes.length))
        wrong.push(`${ticket}: ${notes.length} notes, ${JSON.stringify(job)}`);
    }
    expect(wrong).toEqual([]);
    expect(ends["done"] ?? 0, `seed ${seed}: ${JSON.stringify(ends)}`).toBeGreaterThan(0);
  },
);
