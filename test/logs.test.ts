import { expect, test } from "vitest";
import { acceptTicket, adminFetch, run, runJson, startWithDesk, until } from "./harness.ts";

test("the log lines of a ticket are kept: by command and by HTTP, by ticket and by trace", async () => {
  const { data, up } = await startWithDesk({ deskArgs: ["--fail", "503"] });
  const { job_id: job, trace_id: trace } = await acceptTicket(up.address("webhook"), "LOGS-1");
  const ofTicket = await until("the attempt's line", async () => {
    const { code, stdout } = await run(["logs", "LOGS-1", "--data", data]);
    return code === 0 && stdout.includes("attempt failed") ? stdout : undefined;
  });
  expect(ofTicket).toContain(`job_id=${job}`);
  const { lines } = await runJson<{ lines: Record<string, unknown>[] }>(["logs", trace, "--data", data]);
  expect(lines[0]).toMatchObject({ ticket_id: "LOGS-1", trace_id: trace, tenant_id: "acme" });
  const overHttp = await adminFetch(up.address("admin"), `/logs?trace=${trace}`);
  const answer = (await overHttp.json()) as { lines: unknown[]; elsewhere: string };
  expect(answer.lines[0]).toEqual(lines[0]);
  expect(answer.elsewhere).toContain("standard error");
  expect((await adminFetch(up.address("admin"), "/logs")).status).toBe(400);
  await up.end();
  const unknown = await run(["logs", "NOBODY", "--data", data]);
  expect(unknown.code).toBe(1);
  expect(unknown.stderr).toMatch(/Searched: .*logs, where the roles/);
});
