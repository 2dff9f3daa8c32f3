import type { EnhancementView, JobView, QueueStatus } from "@throughline/api";
import { expect, test } from "vitest";
import { reasonOf, type TicketFacts } from "./ticket-reason.ts";

const nowMs = Date.parse("2026-11-24T12:00:00Z");
const at = (seconds: number) => new Date(nowMs + seconds * 1_000).toISOString();
const job: JobView = {
  id: "j1",
  tenantId: "acme",
  ticketId: "T-1",
  priority: "medium",
  state: "waiting",
  attempts: 0,
  status: null,
  reason: null,
  noteId: null,
  traceId: null,
  sampled: null,
  enqueuedAt: at(-60),
  availableAt: at(-60),
  finishedAt: null,
};
const attempt: EnhancementView = {
  id: "e1",
  tenantId: "acme",
  ticketId: "T-1",
  jobId: "j1",
  attempt: 1,
  traceId: "a".repeat(32),
  createdAt: at(-5),
  status: "success",
  delivery: "written",
  reason: null,
  noteId: "7",
  writer: "model",
  model: "m",
  promptVersion: "1",
  inputTokens: 1,
  outputTokens: 1,
  cachedTokens: 0,
  costUsd: 0.01,
  claimsRemoved: 0,
  latency: { total: 5 },
  decidedAt: null,
  decidedBy: null,
};
const queue: QueueStatus = {
  name: "enhancements",
  paused: false,
  waiting: 4,
  active: 0,
  done: 0,
  dead: 0,
  oldestWaitingMs: 60_000,
  pausedTenants: [],
  heldTenants: [],
};
const facts: TicketFacts = {
  jobs: [job],
  enhancements: [],
  queue,
  waiting: [
    job,
    { ...job, id: "urgent", priority: "critical", enqueuedAt: at(-1) },
    { ...job, id: "older", enqueuedAt: at(-90) },
    { ...job, id: "younger", enqueuedAt: at(-30) },
    { ...job, id: "later", enqueuedAt: at(-95), availableAt: at(30) },
  ],
  countedAtMost: 100,
  nowMs,
};

test("a ticket that waits is told its place: after urgent and older ones, before those that wait for a time", () => {
  expect(reasonOf(facts)).toMatchObject({ code: "queued", place: 3, waiting: 5 });
  expect(reasonOf(facts).text).toContain("place 3 of 5");
  expect(reasonOf({ ...facts, countedAtMost: 5 })).toMatchObject({ place: null, waiting: null });
});

test("what keeps a ticket waiting is named before its place", () => {
  expect(reasonOf({ ...facts, queue: { ...queue, paused: true } }).code).toBe("paused");
  expect(reasonOf({ ...facts, queue: { ...queue, pausedTenants: ["acme"] } }).text).toContain(
    "--tenant acme",
  );
  const heldTenants = [{ tenantId: "acme", until: at(20) }];
  expect(reasonOf({ ...facts, queue: { ...queue, heldTenants } })).toMatchObject({
    code: "held",
    until: at(20),
  });
  const again = { ...job, attempts: 1, availableAt: at(40), reason: "The desk answered 503." };
  expect(reasonOf({ ...facts, jobs: [again] })).toMatchObject({
    code: "delayed",
    until: at(40),
    text: "It waits for its 2nd attempt. The desk answered 503.",
  });
  expect(reasonOf({ ...facts, jobs: [{ ...job, state: "active" }] }).code).toBe("running");
});

test("what ended says where the note is, or why there is none", () => {
  const ended = (row: Partial<EnhancementView>, state: JobView["state"] = "done") =>
    reasonOf({ ...facts, jobs: [{ ...job, state }], enhancements: [{ ...attempt, ...row }] });
  expect(ended({}).code).toBe("written");
  expect(ended({ delivery: "draft" }).code).toBe("draft");
  expect(ended({ delivery: "shadow" }).code).toBe("shadow");
  expect(ended({ delivery: "discarded", decidedBy: "ada" }).text).toContain("by ada");
  const filtered = {
    status: "skipped",
    delivery: "none",
    reason: "The tenant's filters exclude its category.",
  } as const;
  expect(ended(filtered)).toMatchObject({ code: "skipped", text: filtered.reason });
  const failed = { status: "failed", delivery: "none", reason: "The desk refused it." } as const;
  expect(ended(failed, "dead").text).toBe("The desk refused it. It is not tried again by itself.");
});

test("a ticket that nothing is known of is told so", () => {
  expect(reasonOf({ ...facts, jobs: [], enhancements: [], waiting: [] }).code).toBe("unknown");
});
