import { join } from "node:path";
import { expect, test } from "vitest";
import {
  acceptTicket,
  addTenant,
  adminFetch,
  deskKey,
  jobEnded,
  postTicket,
  start,
  startWithDesk,
  temporaryDirectory,
  until,
} from "./harness.ts";
import { freePort } from "./servers.ts";

async function scrape(admin: string): Promise<string> {
  return (await fetch(`${admin}/metrics`)).text();
}

function value(text: string, series: string): number {
  const line = text.split("\n").find((one) => one.startsWith(`${series} `));
  return Number(line?.split(" ").at(-1) ?? Number.NaN);
}

test("a ticket's duration runs from its webhook to its final outcome, attempts that failed and their waits included", async () => {
  const data = await temporaryDirectory();
  const port = await freePort();
  await addTenant(data, `http://127.0.0.1:${port}`);
  const up = await start(["up"], { data });
  const admin = up.address("admin");
  const { job_id: jobId } = await acceptTicket(up.address("webhook"), "DURATION-1");
  const acceptedAt = Date.now();
  // The desk is not there: the attempt fails and is made again.
  await until("an attempt to fail", async () =>
    (await scrape(admin)).includes('enhancement_retries_total{tenant_id="acme",why="failed"}'),
  );
  expect(await scrape(admin)).not.toContain("enhancement_duration_seconds_count");
  const deskAt = Date.now();
  await start(["simulate", "desk", "--key", deskKey, "--listen", `127.0.0.1:${port}`], {
    data: join(data, "desk"),
  });
  expect(await jobEnded(admin, jobId)).toMatchObject({ state: "done", status: "success" });

  const labels = 'tenant_id="acme",status="success"';
  const text = await until("the outcome to be counted", async () => {
    const now = await scrape(admin);
    return now.includes(`enhancement_duration_seconds_count{${labels}}`) ? now : undefined;
  });
  expect(value(text, `enhancement_duration_seconds_count{${labels}}`)).toBe(1);
  expect(value(text, `enhancement_duration_seconds_sum{${labels}}`)).toBeGreaterThanOrEqual(
    (deskAt - acceptedAt) / 1_000,
  );
  const bounds = [...text.matchAll(/^enhancement_duration_seconds_bucket\{.*le="([^"]+)"\}/gm)].map(
    ([, bound]) => bound,
  );
  expect(bounds.at(0)).toBe("0.005");
  expect(bounds.at(-2)).toBe("600");
});

test("tenants past 200 are counted together, however many there are", async () => {
  const { up, desk } = await startWithDesk({ deskArgs: ["--fail", "403"], args: ["--concurrency", "16"] });
  const admin = up.address("admin");
  const count = 230;
  for (let at = 0; at < count; at++) {
    const tenant = {
      id: `tenant-${at}`,
      settings: { desk: { kind: "servicedesk-plus", url: desk.address("desk") } },
      secrets: { webhook: "a secret of the tests", deskKey },
    };
    const added = await adminFetch(admin, "/tenants", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(tenant),
    });
    expect(added.status, await added.text()).toBe(201);
    const sent = await postTicket(up.address("webhook"), { ticket_id: `T-${at}`, tenant_id: tenant.id });
    expect(sent.status).toBe(202);
  }
  const text = await until("all tickets to end", async () => {
    const now = await scrape(admin);
    return value(now, 'queue_dead_jobs{queue_name="enhancements"}') === count ? now : undefined;
  });
  const failed = [
    ...text.matchAll(/^enhancement_requests_total\{tenant_id="([^"]+)",status="failed"\} (\d+)$/gm),
  ];
  expect(failed).toHaveLength(201);
  expect(failed.find(([, tenant]) => tenant === "other")?.[2]).toBe(String(count - 200));
  expect(failed.reduce((sum, [, , tickets]) => sum + Number(tickets), 0)).toBe(count);
  for (const name of ["enhancement_success_rate", "enhancement_duration_seconds_count"]) {
    const tenants = new Set(
      [...text.matchAll(new RegExp(`^${name}\\{tenant_id="([^"]+)"`, "gm"))].map(([, tenant]) => tenant),
    );
    expect(tenants.size, name).toBe(201);
  }
});
