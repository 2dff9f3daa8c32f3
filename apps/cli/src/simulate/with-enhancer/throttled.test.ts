import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { startRig } from "./rig.ts";

test("a 429 of the desk holds its tenant's jobs and no other's, costs no attempt and leaves no failure behind", async () => {
  const rig = await startRig();
  await rig.addTenant("beta");
  rig.desk.setFaults({ requests: { "1": { fail: 429, reads: true } } });
  const throttled = await rig.enqueue("1", "VPN fails");
  const held = async () => (await rig.store.queue.status()).heldTenants.map(({ tenantId }) => tenantId);
  for (let tries = 0; tries < 500 && (await held()).length === 0; tries++) await sleep(10);
  expect(await held()).toEqual(["acme"]);
  expect(await rig.store.queue.show(throttled)).toMatchObject({
    state: "waiting",
    attempts: 0,
    reason: expect.stringContaining("429") as unknown,
  });
  expect(await rig.run("2", "VPN fails", "beta")).toMatchObject({ status: "success" });
  rig.desk.setFaults({});
  expect(await rig.ended(throttled)).toMatchObject({ state: "done", status: "success", attempts: 1 });
  expect(await rig.notes("1")).toHaveLength(1);
  const rows = await rig.store.records.list({ ticketId: "1", limit: 10 });
  expect(rows.map(({ status, attempt }) => [status, attempt])).toEqual([["success", 1]]);
});

test("what the desk refuses for good is not tried again: dead at once, with the reason", async () => {
  const rig = await startRig({ desk: { faults: { fail: 403 } } });
  const job = await rig.run("1");
  expect(job).toMatchObject({ state: "dead", status: "failed", attempts: 1 });
  expect(job.reason).toContain("403");
  const asked = rig.spans().filter(({ name }) => name === "api.servicedesk_plus.update_ticket");
  expect(asked).toHaveLength(1);
});
