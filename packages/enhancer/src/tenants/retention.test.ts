import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { storeTickets } from "../history/store-tickets.ts";
import { type EnhancerStore, openEnhancerStore } from "../store.ts";
import { removeTenant } from "./removal.ts";
import { applyRetention } from "./retention.ts";

let directory: string;
let store: EnhancerStore;
const dayMs = 86_400_000;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "throughline-retention-"));
  store = openEnhancerStore(directory);
  for (const id of ["acme", "beta"]) {
    await store.tenants.add({
      id,
      settings: { desk: { kind: "servicedesk-plus", url: "https://desk.example.com" } },
      secrets: { webhook: "webhook secret", deskKey: "desk key" },
    });
    await storeTickets(store.database, id, [
      ticket("NEW-1", 1),
      ticket("OLD-1", 40),
      ticket("UNDATED-1", null),
    ]);
  }
});

afterEach(async () => {
  await store.close();
  await rm(directory, { recursive: true });
});

function ticket(ticketId: string, daysAgo: number | null) {
  return {
    ticket_id: ticketId,
    subject: "VPN",
    description: "VPN drops",
    resolution: "restarted",
    resolved_date: daysAgo === null ? null : Date.now() - daysAgo * dayMs,
  };
}

async function historyOf(tenant: string): Promise<string[]> {
  const rows = await store.database
    .selectFrom("ticket_history")
    .select("ticket_id")
    .where("tenant_id", "=", tenant)
    .orderBy("ticket_id")
    .execute();
  return rows.map(({ ticket_id: id }) => id);
}

test("history goes by the tenant's own days; what has no date and who sets none keep theirs", async () => {
  await store.tenants.change("acme", { settings: { retention: { historyDays: 30 } } });
  const version = () =>
    store.database
      .selectFrom("context_state")
      .select("version")
      .where("tenant_id", "=", "acme")
      .executeTakeFirstOrThrow();
  const before = await version();
  expect(await applyRetention(store)).toEqual({ history: 1, enhancements: 0, drafts: 0, leftBehind: 0 });
  expect(await historyOf("acme")).toEqual(["NEW-1", "UNDATED-1"]);
  expect(await historyOf("beta")).toEqual(["NEW-1", "OLD-1", "UNDATED-1"]);
  expect((await version()).version).toBeGreaterThan(before.version);
  expect(await applyRetention(store)).toEqual({ history: 0, enhancements: 0, drafts: 0, leftBehind: 0 });
});

test("a removed tenant's data go with a count of each kind, nobody else's, and what came after is swept", async () => {
  await store.queue.enqueue({
    deliveryId: "d-1",
    ticket: {
      tenantId: "acme",
      ticketId: "T-1",
      event: "ticket.created",
      description: "x",
      priority: "low",
      createdAt: new Date().toISOString(),
    },
    carrier: { traceparent: `00-${"a".repeat(32)}-${"b".repeat(16)}-01`, tracestate: "", traceStartMs: 1 },
  });
  expect(await removeTenant(store, "acme", "a test")).toMatchObject({
    secrets: 2,
    history: 3,
    jobs: 1,
    deliveries: 1,
    documents: 0,
    enhancements: 0,
  });
  expect(await historyOf("acme")).toEqual([]);
  expect(await historyOf("beta")).toHaveLength(3);
  await expect(removeTenant(store, "acme")).rejects.toMatchObject({ code: "TL_TENANT_UNKNOWN" });
  // An attempt that was under way kept something after the removal.
  await storeTickets(store.database, "acme", [ticket("LATE-1", 1)]);
  expect((await applyRetention(store)).leftBehind).toBeGreaterThanOrEqual(1);
  expect(await historyOf("acme")).toEqual([]);
});
