import { applyRetention, draftsOf, type EnhancerStore, openStore, reportOf } from "@throughline/enhancer";
import { randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { EnhancementRow } from "../packages/enhancer/src/database/schema.ts";
import type { Caps } from "../packages/enhancer/src/llm/budget.ts";
import { ticketMarker } from "../packages/enhancer/src/work/marker.ts";
import { deskKey, notesOf, start, temporaryDirectory } from "./harness.ts";
import { startPostgresIn } from "./servers.ts";

const never = new AbortController().signal;
const day = "2026-11-24";
const noon = Date.parse(`${day}T12:00:00Z`);
const noCaps: Caps = { ticketUsd: null, dayUsd: null, ticketTokens: null, dayTokens: null };

// One suite for both databases: what is kept of tickets, notes and money.
describe.each(["SQLite", "PostgreSQL"])("in %s", (kind) => {
  const ends: (() => Promise<unknown>)[] = [];
  let store: EnhancerStore;

  beforeAll(async () => {
    const data = await mkdtemp(join(tmpdir(), "throughline-records-"));
    const server = await mkdtemp(join(tmpdir(), "throughline-postgres-"));
    for (const directory of [data, server]) ends.push(() => rm(directory, { recursive: true, force: true }));
    const postgres =
      kind === "SQLite"
        ? undefined
        : (await startPostgresIn(join(server, "data"), undefined, (end) => void ends.push(end))).url;
    store = await openStore(data, { postgres, redis: undefined });
    ends.push(() => store.close());
  });
  afterAll(async () => {
    for (const end of ends.toReversed()) await end();
  });
  beforeEach(async () => {
    for (const tenantId of ["acme", "beta"]) await store.records.eraseTenant(tenantId);
  });

  const add = async (ticketId: string, fields: Partial<EnhancementRow> = {}) => {
    const row: EnhancementRow = {
      id: randomUUID(),
      tenant_id: "acme",
      ticket_id: ticketId,
      job_id: `j-${ticketId}`,
      attempt: 1,
      trace_id: "a".repeat(32),
      created_at: noon,
      status: "success",
      delivery: "written",
      reason: null,
      note_id: "1",
      marker: ticketMarker({ tenantId: "acme", ticketId }),
      input_hash: "h",
      input: JSON.stringify({ subject: "s", description: "d", priority: "low", event: "e", createdAt: "" }),
      sources: "[]",
      note: JSON.stringify({
        language: "en",
        sections: ["One", "Two", "Three", "Four"].map((title) => ({ title, items: [] })),
        writer: { kind: "extractive", because: "unconfigured" },
        missing: [],
      }),
      prompt_version: null,
      writer: "extractive",
      model: null,
      input_tokens: null,
      output_tokens: null,
      cached_tokens: null,
      cost_usd: null,
      claims_removed: 0,
      latency: JSON.stringify({ total: 100 }),
      decided_at: null,
      decided_by: null,
      ...fields,
    };
    await store.records.add(row);
    return row;
  };

  test("records come back as they went in, newest first, page by page and by what is asked for", async () => {
    const rows = await Promise.all(
      Array.from({ length: 30 }, (_, at) =>
        add(`T-${at % 10}`, {
          created_at: noon + Math.floor(at / 4) * 1_000,
          status: at % 3 === 0 ? "failed" : "success",
          delivery: at % 3 === 0 ? "none" : "draft",
          note: at % 3 === 0 ? null : "{}",
          cost_usd: at / 1_000,
          tenant_id: at % 5 === 0 ? "beta" : "acme",
        }),
      ),
    );
    const ordered = rows.toSorted((a, b) => b.created_at - a.created_at || (a.id < b.id ? 1 : -1));
    expect(await store.records.list({ limit: 100 })).toEqual(ordered);
    const shown: EnhancementRow[] = [];
    for (;;) {
      const last = shown.at(-1);
      const before = last && { createdAt: last.created_at, id: last.id };
      const page = await store.records.list({ before, limit: 7 });
      if (page.length === 0) break;
      shown.push(...page);
    }
    expect(shown).toEqual(ordered);
    const filter = { tenantId: "acme", status: "success", delivery: "draft", hasNote: true } as const;
    const [sinceMs, untilMs] = [noon + 1_000, noon + 5_000];
    expect(await store.records.list({ ...filter, sinceMs, untilMs, limit: 100 })).toEqual(
      ordered.filter(
        (row) =>
          row.tenant_id === "acme" &&
          row.status === "success" &&
          row.created_at >= sinceMs &&
          row.created_at < untilMs,
      ),
    );
  });

  test("a ticket is noted by what was written or waits, and by shadows where they count", async () => {
    await add("FAILED", { delivery: "none" });
    await add("SHADOW", { delivery: "shadow" });
    await add("DRAFT", { delivery: "draft" });
    await add("DISCARDED", { delivery: "discarded" });
    await add("WRITTEN");
    const noted = async (withShadows: boolean) => {
      const found: string[] = [];
      for (const id of ["FAILED", "SHADOW", "DRAFT", "DISCARDED", "WRITTEN"])
        if (await store.records.isNoted("acme", id, { withShadows })) found.push(id);
      return found;
    };
    expect(await noted(false)).toEqual(["DRAFT", "WRITTEN"]);
    expect(await noted(true)).toEqual(["SHADOW", "DRAFT", "WRITTEN"]);
    expect(await store.records.isNoted("beta", "WRITTEN")).toBe(false);
  });

  test("a note that many move on at once is moved on once", async () => {
    const { id } = await add("T-1", { delivery: "draft" });
    const moved = await Promise.all(
      Array.from({ length: 8 }, (_, at) =>
        store.records.move(
          id,
          { delivery: "draft" },
          { delivery: "approving", decided_at: noon, decided_by: `${at}` },
        ),
      ),
    );
    expect(moved.filter((row) => row !== undefined)).toHaveLength(1);
    const late = { delivery: "approving", decidedBefore: noon } as const;
    expect(await store.records.move(id, late, { delivery: "written" })).toBeUndefined();
    expect(
      await store.records.move(id, { ...late, decidedBefore: noon + 1 }, { delivery: "written" }),
    ).toMatchObject({
      delivery: "written",
    });
  });

  test("a ticket, a tenant and what is old go with their feedback and spending; drafts that wait stay", async () => {
    const one = await add("T-1");
    await add("T-2", { created_at: noon - 10_000 });
    await add("T-3", { created_at: noon - 10_000, delivery: "draft" });
    const other = await add("T-1", { tenant_id: "beta" });
    for (const { id } of [one, other]) await store.feedback.add(id, { rating: "up", reason: "good" });
    await store.spending.reserve({ tenantId: "acme", ticketId: "T-1" }, noCaps, { usd: 1, tokens: 10 });
    expect(await store.records.eraseTicket("acme", "T-1")).toBe(1);
    expect(await store.feedback.of(one.id)).toEqual([]);
    expect(await store.feedback.of(other.id)).toMatchObject([{ rating: "up", reason: "good" }]);
    expect(await store.spending.spentOn("acme", "ticket:T-1")).toEqual({ usd: 0, tokens: 0 });
    expect(await store.records.prune("acme", noon - 5_000)).toBe(1);
    expect((await store.records.list({ limit: 10 })).map(({ ticket_id: id }) => id).toSorted()).toEqual([
      "T-1",
      "T-3",
    ]);
    expect(await store.records.eraseTenant("acme")).toBe(1);
    expect(await store.records.list({ limit: 10 })).toEqual([other]);
  });

  test("a draft that nobody decided on in a week, or that is one too many, waits no more; the record stays", async () => {
    await store.tenants.add({
      id: "acme",
      settings: { desk: { kind: "servicedesk-plus", url: "https://desk.example.com" } },
      secrets: { webhook: "s", deskKey },
    });
    const week = 7 * 86_400_000;
    await add("OLD", { delivery: "draft", created_at: noon - week - 1 });
    await add("OLD-BUT-ASKED", { delivery: "approving", created_at: noon - week - 1 });
    for (const [at, ticket] of ["A", "B", "C"].entries())
      await add(ticket, { delivery: "draft", created_at: noon + at });
    const waiting = async () =>
      (await store.records.list({ delivery: "draft", limit: 10 })).map(({ ticket_id: id }) => id);
    expect(await applyRetention(store, noon)).toMatchObject({ drafts: 1 });
    expect(await waiting()).toEqual(["C", "B", "A"]);
    const [old] = await store.records.list({ ticketId: "OLD", limit: 1 });
    expect(old).toMatchObject({ delivery: "discarded", decided_by: "retention" });
    expect(old?.note).not.toBeNull();
    expect(await store.records.isNoted("acme", "OLD")).toBe(false);
    expect(await applyRetention(store, noon, { finishedMs: week, finishedCount: 2 })).toMatchObject({
      drafts: 1,
    });
    expect(await waiting()).toEqual(["C", "B"]);
    await store.tenants.remove("acme");
  });

  test.each([
    ["dayTokens", { dayTokens: 1_000 }],
    ["ticketTokens", { ticketTokens: 1_000 }],
    ["dayUsd", { dayUsd: 1 }],
    ["ticketUsd", { ticketUsd: 1 }],
  ] as const)(
    "reservations that come at once never pass the cap %s together, and it is named",
    async (name, cap) => {
      const caps = { ...noCaps, ...cap };
      const amount = { usd: 0.3, tokens: 300 };
      const ticket = { tenantId: "acme", ticketId: "T-1" };
      const all = await Promise.all(
        Array.from({ length: 10 }, () => store.spending.reserve(ticket, caps, amount)),
      );
      const granted = all.filter((one) => "settle" in one);
      expect(granted).toHaveLength(3);
      expect(all.filter((one) => "reached" in one)).toEqual(
        Array.from({ length: 7 }, () => ({ reached: name })),
      );
      expect(await store.spending.spentOn("acme", "ticket:T-1")).toEqual({ usd: 0.9, tokens: 900 });
      const [first] = granted;
      const left = await first?.settle({ usd: 0.1, tokens: 100 });
      expect(left).toEqual(name.endsWith("Usd") ? 0.3 : undefined);
      expect(await store.spending.reserve(ticket, caps, amount)).toMatchObject({
        settle: expect.any(Function) as unknown,
      });
      expect(await store.spending.reserve(ticket, caps, { usd: 0.01, tokens: 10 })).toEqual({
        reached: name,
      });
      expect(await store.spending.reserve({ ...ticket, tenantId: "beta" }, caps, amount)).toHaveProperty(
        "settle",
      );
    },
  );

  test("a note takes fifty answers, and no more", async () => {
    const { id } = await add("T-1");
    for (let at = 0; at < 50; at++) await store.feedback.add(id, { rating: "down", reason: "" });
    await expect(store.feedback.add(id, { rating: "up", reason: "" })).rejects.toMatchObject({
      code: "TL_FEEDBACK_FULL",
    });
    await expect(store.feedback.add(randomUUID(), { rating: "up", reason: "" })).rejects.toMatchObject({
      code: "TL_ENHANCEMENT_NOT_FOUND",
    });
    expect(await store.feedback.of(id)).toHaveLength(50);
  });

  test("the switch of all notes is off until it is on again", async () => {
    expect(await store.noteSwitch.isOn()).toBe(true);
    await store.noteSwitch.set(false);
    await store.noteSwitch.set(false);
    expect(await store.noteSwitch.isOn()).toBe(false);
    await store.noteSwitch.set(true);
    expect(await store.noteSwitch.isOn()).toBe(true);
  });

  test("a report counts each job by its last attempt, money and tokens of all, cached tokens and thumbs, by week", async () => {
    const weekAgo = noon - 7 * 86_400_000;
    const spent = { input_tokens: 100, output_tokens: 10, cached_tokens: 40, cost_usd: 0.25 };
    await add("T-1", { status: "failed", delivery: "none", job_id: "a", latency: '{"total":900}', ...spent });
    await add("T-1", { attempt: 2, job_id: "a", latency: '{"total":200}', ...spent });
    await add("T-2", { status: "failed", delivery: "none" });
    await add("T-3", { status: "skipped", delivery: "none" });
    const partial = await add("T-4", { status: "partial", created_at: weekAgo });
    await add("T-5", { tenant_id: "beta" });
    await store.feedback.add(partial.id, { rating: "up", reason: "" });
    const [before, week, ...more] = await reportOf(store.database, "acme", 2, noon);
    expect(more).toEqual([]);
    expect(before).toMatchObject({ week: "2026-11-16", tickets: 1, partial: 1, successRate: 1, costUsd: 0 });
    expect(week).toMatchObject({
      week: "2026-11-23",
      tickets: 3,
      success: 1,
      failed: 1,
      skipped: 1,
      successRate: 0.5,
      p50Ms: 200,
      costUsd: 0.5,
      inputTokens: 200,
      outputTokens: 20,
      cachedTokens: 80,
    });
  });

  test("a draft that several approve at once is one note; one whose ticket was closed stays and says why", async () => {
    const desk = await start(["simulate", "desk", "--key", deskKey], { data: await temporaryDirectory() });
    await store.tenants.add({
      id: "acme",
      settings: { desk: { kind: "servicedesk-plus", url: desk.address("desk") }, note: { mode: "draft" } },
      secrets: { webhook: "s", deskKey },
    });
    const drafts = draftsOf(store, "https://notes.example.com");
    const first = await add("4711", { delivery: "draft", note_id: null });
    const tries = await Promise.allSettled(
      ["ann", "bob", "cem"].map((by) => drafts.approve(first.id, by, never)),
    );
    expect(tries.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    const notes = await notesOf(desk.address("desk"), "4711");
    expect(notes).toHaveLength(1);
    expect(await store.records.get(first.id)).toMatchObject({ delivery: "written", note_id: notes[0]?.id });
    await expect(drafts.discard(first.id, "dan")).rejects.toMatchObject({ code: "TL_DRAFT_DECIDED" });

    const second = await add("4712", { delivery: "draft", note_id: null });
    await fetch(`${desk.address("desk")}/api/v3/requests/4712`, {
      method: "PUT",
      headers: { authtoken: deskKey, "content-type": "application/x-www-form-urlencoded" },
      body: new URLSearchParams({
        input_data: JSON.stringify({ request: { subject: "x", status: "Closed" } }),
      }),
    });
    await expect(drafts.approve(second.id, "ann", never)).rejects.toMatchObject({
      code: "TL_DRAFT_OUTDATED",
    });
    expect(await store.records.get(second.id)).toMatchObject({ delivery: "draft", decided_by: null });
    expect(await drafts.discard(second.id, "ann")).toMatchObject({
      delivery: "discarded",
      decided_by: "ann",
    });
    expect(await notesOf(desk.address("desk"), "4712")).toEqual([]);
  });
});
