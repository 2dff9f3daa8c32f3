import { expect, test } from "vitest";
import { Health } from "./health.ts";

test("parts tell their state, since when and how old it is; only one that is required fails the whole", async () => {
  let now = 1_000_000;
  const told: string[] = [];
  const health = new Health(
    (part, { status }) => told.push(`${part} ${status}`),
    () => now,
  );
  let isUp = true;
  health.checked("database", true, () => {
    if (!isUp) throw new Error("it is away");
    return { status: "ok", detail: "answers" };
  });
  health.checked("disk", false, () => ({ status: "ok", detail: "room" }));
  expect(await health.report()).toMatchObject({ status: "ok", since: new Date(now).toISOString() });
  now += 60_000;
  health.observe("desk.zammad", { status: "failed", detail: "refused" });
  now += 5_000;
  expect(await health.report()).toMatchObject({
    status: "degraded",
    parts: {
      database: { status: "ok", since: new Date(1_000_000).toISOString(), ageMs: 0 },
      "desk.zammad": { status: "failed", required: false, ageMs: 5_000, detail: "refused" },
    },
  });
  isUp = false;
  now += 1_000;
  const failed = await health.report();
  expect(failed).toMatchObject({
    status: "failed",
    since: new Date(now).toISOString(),
    parts: { database: { status: "failed", detail: "it is away", since: new Date(now).toISOString() } },
  });
  isUp = true;
  health.observe("desk.zammad", { status: "ok", detail: "answers" });
  expect((await health.report()).status).toBe("ok");
  expect(told).toEqual(["desk.zammad failed", "database failed", "desk.zammad ok", "database ok"]);
});

test("a check that does not answer is a failure, and holds up the answer for two seconds at most", async () => {
  const health = new Health();
  health.checked("queue", true, () => new Promise(() => {}));
  expect(await health.report()).toMatchObject({
    status: "failed",
    parts: { queue: { detail: "no answer within 2 s" } },
  });
});
