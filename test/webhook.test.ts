import { execFileSync } from "node:child_process";
import { DatabaseSync } from "node:sqlite";
import { join } from "node:path";
import { expect, test } from "vitest";
import { acceptTicket, adminFetch, postTicket, startWithDesk } from "./harness.ts";

test("what a webhook is refused for, each as a problem with its code", { timeout: 120_000 }, async () => {
  const { up } = await startWithDesk();
  const webhook = up.address("webhook");
  const refused = async (response: Response, status: number, code: string) => {
    expect(response.status).toBe(status);
    expect(response.headers.get("content-type")).toContain("application/problem+json");
    const problem = (await response.json()) as {
      code: string;
      status: number;
      detail: string;
      remedy: string;
      errors?: { field: string }[];
    };
    expect(problem).toMatchObject({ code, status });
    expect(problem.remedy).not.toBe("");
    return problem;
  };
  await refused(
    await postTicket(
      webhook,
      { ticket_id: "A-1" },
      { "x-servicedesk-signature": `sha256=${"0".repeat(64)}` },
    ),
    401,
    "TL_SIGNATURE_INVALID",
  );
  await refused(
    await postTicket(webhook, { ticket_id: "A-1", tenant_id: "nobody" }),
    404,
    "TL_TENANT_UNKNOWN",
  );
  const problem = await refused(
    await postTicket(webhook, { ticket_id: "A-1", priority: "swordfish-value" }),
    422,
    "TL_TICKET_INVALID",
  );
  expect(problem.errors?.map(({ field }) => field)).toEqual(["priority"]);
  expect(JSON.stringify(problem)).not.toContain("swordfish-value");
  await refused(
    await postTicket(webhook, { ticket_id: "A-1", description: "x".repeat(1_100_000) }),
    413,
    "TL_BODY_TOO_LARGE",
  );
  await refused(await fetch(`${webhook}/metrics`), 404, "TL_NOT_FOUND");
  expect((await fetch(`${webhook}/healthz`)).status).toBe(200);
});

test(
  "a queue that cannot be written is answered 503, and taken up again once it can",
  { timeout: 120_000 },
  async () => {
    const { data, up } = await startWithDesk();
    await acceptTicket(up.address("webhook"), "BEFORE-1");
    const blocker = new DatabaseSync(join(data, "throughline.db"));
    blocker.exec("pragma busy_timeout = 5000; begin immediate");
    try {
      const response = await postTicket(up.address("webhook"), { ticket_id: "BLOCKED-1" });
      expect(response.status).toBe(503);
      expect(await response.json()).toMatchObject({ code: "TL_QUEUE_UNAVAILABLE" });
    } finally {
      blocker.exec("rollback");
      blocker.close();
    }
    await acceptTicket(up.address("webhook"), "AFTER-1");
  },
);

test("the data directory is closed to others, and so are the run files", { timeout: 120_000 }, async () => {
  const { data, up } = await startWithDesk();
  const mode = (path: string) => execFileSync("stat", ["-c", "%a", path], { encoding: "utf8" }).trim();
  expect(mode(data)).toBe("700");
  expect(mode(join(data, "run", "up.json"))).toBe("600");
  const admin = up.address("admin");
  expect((await fetch(`${admin}/admin/api/queue/pause`, { method: "POST" })).status).toBe(401);
  const paused = await adminFetch(admin, "/queue/pause", { method: "POST" });
  expect(await paused.json()).toMatchObject({ paused: true });
  for (const path of ["/healthz", "/readyz", "/metrics"])
    expect((await fetch(admin + path)).status, path).toBe(200);
});
