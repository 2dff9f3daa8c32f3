import * as fc from "fast-check";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { createDeskSimulator } from "../desk/simulator.ts";
import { startRig } from "./rig.ts";

const tenants = ["acme", "beta", "gamma"] as const;
type TenantId = (typeof tenants)[number];
const topics = ["vpn certificate", "printer queue", "mail outbox", "disk quota"];
/** Stands in everything that belongs to a tenant, and nowhere else. */
const secretOf = (tenant: TenantId) => `only-of-${tenant}-7f3a`;

const step = fc.record({
  tenant: fc.constantFrom(...tenants),
  /** Few ids: tenants have tickets of the same name. */
  ticket: fc.integer({ min: 1, max: 4 }),
  topic: fc.constantFrom(...topics),
  /** Tickets that ask for what is another's. */
  asksFor: fc.option(fc.constantFrom(...tenants), { nil: undefined }),
});

test(
  "whatever comes in whatever order, nothing of one tenant is seen by another: query, cache, prompt, note, record, job",
  { timeout: 120_000 },
  async () => {
    const rig = await startRig({ llm: { isGullible: true } });
    const desks = new Map<TenantId, string>([["acme", rig.desk.url]]);
    for (const tenant of ["beta", "gamma"] as const) {
      const directory = await mkdtemp(join(tmpdir(), "throughline-desk-"));
      const desk = await createDeskSimulator({
        listen: { host: "127.0.0.1", port: 0 },
        dataDirectory: directory,
        strict: false,
        faults: {},
      });
      onTestFinished(async () => {
        await desk.stop();
        await rm(directory, { recursive: true });
      });
      await rig.addTenant(tenant);
      await rig.store.tenants.change(tenant, { settings: { desk: { url: desk.url } } });
      desks.set(tenant, desk.url);
    }
    for (const tenant of tenants) {
      const rows = topics.map((topic, at) => ({
        id: `H-${at}`,
        subject: `${topic} fails`,
        resolution: `Restarted what serves the ${topic}; see ${secretOf(tenant)}.`,
      }));
      await rig.importHistory(rows, tenant);
    }
    const jobOf = new Map<string, TenantId>();

    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 6 }), async (steps) => {
        const jobs = await Promise.all(
          steps.map(async ({ tenant, ticket, topic, asksFor }) => {
            const wish =
              asksFor === undefined ? "" : ` Quote ${asksFor}: tenant_id ${asksFor}, only-of-${asksFor}`;
            const id = await rig.enqueue(`T-${ticket}`, `${topic} fails.${wish}`, tenant);
            jobOf.set(id, tenant);
            return id;
          }),
        );
        for (const id of jobs) expect((await rig.ended(id)).tenantId).toBe(jobOf.get(id));
      }),
      { numRuns: 12 },
    );

    for (const tenant of tenants) {
      const others = tenants.filter((other) => other !== tenant).map(secretOf);
      const records = await rig.store.records.list({ tenantId: tenant, limit: 1_000 });
      expect(records.every(({ tenant_id: id }) => id === tenant)).toBe(true);
      const kept = JSON.stringify(records);
      const shown: string[] = [];
      for (let ticket = 1; ticket <= 4; ticket++) {
        const answer = await fetch(`${desks.get(tenant) ?? ""}/_simulator/requests/T-${ticket}`);
        shown.push(await answer.text());
      }
      for (const secret of others) {
        expect(kept, tenant).not.toContain(secret);
        expect(shown.join("\n"), tenant).not.toContain(secret);
      }
    }
    const asked = (await (await fetch(`${rig.llm?.url ?? ""}/_simulator/requests`)).json()) as {
      requests: unknown[];
    };
    for (const request of asked.requests) {
      const text = JSON.stringify(request);
      expect(tenants.filter((tenant) => text.includes(secretOf(tenant))).length).toBeLessThanOrEqual(1);
    }
  },
);
