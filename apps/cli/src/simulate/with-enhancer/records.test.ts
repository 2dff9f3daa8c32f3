import { enhancementDetail } from "@throughline/api";
import { draftsOf, enhancementDetailOf, reportOf } from "@throughline/enhancer";
import { expect, test } from "vitest";
import { startRig } from "./rig.ts";

type Rig = Awaited<ReturnType<typeof startRig>>;
const never = new AbortController().signal;
const draft = { note: { mode: "draft" } };

async function draftOf(rig: Rig, ticketId: string) {
  const [row] = await rig.store.records.list({ ticketId, delivery: "draft", limit: 1 });
  if (row === undefined) throw new Error("no draft");
  return row;
}

test("a draft is written once it is approved, by one of those who approve at once", async () => {
  const rig = await startRig({ settings: draft });
  await rig.run("1");
  const { id } = await draftOf(rig, "1");
  const drafts = draftsOf(rig.store, "https://t.example.com");
  const tries = await Promise.allSettled(["ann", "bob", "cem"].map((by) => drafts.approve(id, by, never)));
  expect(tries.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
  const notes = await rig.notes("1");
  expect(notes).toHaveLength(1);
  expect(notes[0]?.show_to_requester).toBe(false);
  expect(await rig.store.records.get(id)).toMatchObject({ delivery: "written", note_id: notes[0]?.id });
  await expect(drafts.discard(id, "dan")).rejects.toMatchObject({ code: "TL_DRAFT_DECIDED" });
});

test("a draft whose ticket was closed meanwhile stays, and says why", async () => {
  const rig = await startRig({ settings: draft });
  await rig.run("1");
  const { id } = await draftOf(rig, "1");
  await rig.edit("1", { subject: "x", status: "Closed" });
  await expect(draftsOf(rig.store, undefined).approve(id, "ann", never)).rejects.toMatchObject({
    code: "TL_DRAFT_OUTDATED",
    message: expect.stringContaining("closed") as unknown,
  });
  expect(await rig.store.records.get(id)).toMatchObject({ delivery: "draft", decided_by: null });
  expect(await draftsOf(rig.store, undefined).discard(id, "ann")).toMatchObject({ delivery: "discarded" });
  expect(await rig.notes("1")).toEqual([]);
});

test("an approval that was cut off after the desk wrote finds its note instead of writing another", async () => {
  const rig = await startRig({ settings: draft });
  await rig.run("1");
  const { id } = await draftOf(rig, "1");
  rig.desk.setFaults({ drop: 1 });
  const drafts = draftsOf(rig.store, undefined);
  await expect(drafts.approve(id, "ann", never)).rejects.toMatchObject({ kind: "transient" });
  rig.desk.setFaults({});
  expect(await rig.store.records.get(id)).toMatchObject({ delivery: "approving" });
  await expect(drafts.approve(id, "ann", never)).rejects.toMatchObject({ code: "TL_DRAFT_DECIDED" });
  await rig.store.records.move(
    id,
    { delivery: "approving" },
    { delivery: "approving", decided_at: Date.now() - 200_000 },
  );
  expect(await drafts.approve(id, "bob", never)).toMatchObject({ delivery: "written" });
  expect(await rig.notes("1")).toHaveLength(1);
});

test("a record holds input, sources with scores, cost and latency; secrets of the ticket are hidden in it", async () => {
  const rig = await startRig({ llm: { cachedShare: 0.5 } });
  await rig.importHistory([
    { id: "VPN-1", subject: "VPN certificate expired", resolution: "Renewed the certificate." },
  ]);
  await rig.run("1", "VPN certificate expired, password: hunter2hunter2");
  const [row] = await rig.store.records.list({ ticketId: "1", limit: 1 });
  const detail = await enhancementDetailOf(rig.store, row?.id ?? "", "https://t.example.com");
  expect(enhancementDetail.parse(detail)).toMatchObject({
    writer: "model",
    model: "gpt-4o-mini",
    promptVersion: expect.stringMatching(/^[0-9a-f]{12}$/) as unknown,
    inputHash: expect.stringMatching(/^[0-9a-f]{64}$/) as unknown,
    sources: [{ kind: "ticket", id: "VPN-1", score: expect.any(Number) as unknown }],
    latency: {
      total: expect.any(Number) as unknown,
      context: expect.any(Number) as unknown,
      write: expect.any(Number) as unknown,
    },
  });
  expect(detail.inputTokens).toBeGreaterThan(100);
  expect(detail.cachedTokens).toBe(Math.floor((detail.inputTokens ?? 0) / 2));
  expect(detail.costUsd).toBeGreaterThan(0);
  expect(detail.html).toContain("https://t.example.com/feedback/");
  expect(JSON.stringify(row)).not.toContain("hunter2hunter2");
  const span = rig.spans().find(({ name }) => name === "llm.openai.completion");
  expect(span?.attributes["llm.cost.usd"]).toBe(detail.costUsd);
});

test("feedback comes by signed link only for the note that the link is for, and counts in the report", async () => {
  const rig = await startRig();
  await rig.run("1");
  await rig.run("2");
  const [row] = await rig.store.records.list({ ticketId: "1", limit: 1 });
  const { feedback } = rig.store;
  const token = feedback.tokenOf(row?.id ?? "");
  expect(feedback.idOf(token)).toBe(row?.id);
  for (const wrong of [`${token}x`, token.slice(0, -1), token.replace(/^./, "z"), "x", ""])
    expect(() => feedback.idOf(wrong)).toThrow(expect.objectContaining({ code: "TL_FEEDBACK_LINK_INVALID" }));
  await feedback.add(feedback.idOf(token), { rating: "up", reason: "spot on" });
  await feedback.add(feedback.idOf(token), { rating: "down", reason: "" });
  const [week] = await reportOf(rig.store.database, "acme", 1);
  expect(week).toMatchObject({
    tickets: 2,
    success: 2,
    failed: 0,
    successRate: 1,
    thumbsUp: 1,
    thumbsDown: 1,
    helpfulness: 0.5,
  });
  expect(week?.p95Ms).toBeGreaterThan(0);
  expect(await rig.store.records.eraseTicket("acme", "1")).toBe(1);
  await expect(feedback.add(row?.id ?? "", { rating: "up", reason: "" })).rejects.toMatchObject({
    code: "TL_ENHANCEMENT_NOT_FOUND",
  });
  const [after] = await reportOf(rig.store.database, "acme", 1);
  expect(after).toMatchObject({ tickets: 1, thumbsUp: 0 });
});

test("retention takes old records and leaves drafts that wait", async () => {
  const rig = await startRig({ settings: { retention: { enhancementDays: 1 } } });
  await rig.run("1");
  await rig.store.tenants.change("acme", { settings: draft });
  await rig.run("2");
  const { applyRetention } = await import("@throughline/enhancer");
  await applyRetention(rig.store, Date.now() + 2 * 86_400_000);
  const left = await rig.store.records.list({ limit: 10 });
  expect(left.map(({ ticket_id: id }) => id)).toEqual(["2"]);
});

test("caps: several workers together stay under them, a reached one means an extractive note that says so", async () => {
  const rig = await startRig({ llm: {}, settings: { budget: { dayTokens: 6_000 } } });
  const jobs = await Promise.all(
    Array.from({ length: 24 }, async (_, at) => rig.ended(await rig.enqueue(`T-${at}`, "VPN fails"))),
  );
  expect(jobs.some(({ status }) => status === "partial")).toBe(true);
  const rows = await rig.store.records.list({ limit: 30 });
  const used = rows.reduce((sum, row) => sum + (row.input_tokens ?? 0) + (row.output_tokens ?? 0), 0);
  expect(used).toBeGreaterThan(0);
  expect(used).toBeLessThanOrEqual(6_000);
  const capped = rows.find(({ writer }) => writer === "extractive");
  expect(capped?.reason).toContain("token cap for today is reached");
  const [note] = await rig.notes(capped?.ticket_id ?? "");
  expect(note?.description).toContain("No model was used: the token cap for today is reached.");
  const day = new Date().toISOString().slice(0, 10);
  expect((await rig.store.spending.spentOn("acme", day)).tokens).toBe(used);
});

test("with a money cap a model whose price is not known is not asked", async () => {
  const rig = await startRig({ llm: {}, settings: { budget: { dayUsd: 10 } } });
  await rig.run("1");
  const span = rig.spans().find(({ name }) => name === "llm.openai.completion");
  expect(span?.attributes["llm.budget.remaining_usd"]).toBeLessThan(10);
  expect(span?.attributes["llm.budget.remaining_usd"]).toBeGreaterThan(9.9);
  const priceless = await startRig({
    llm: {},
    settings: { budget: { dayUsd: 10 } },
    config: { models: [{ apiKey: "k", baseUrl: "http://127.0.0.1:9/v1", model: "who-knows" }] },
  });
  expect(await priceless.run("1")).toMatchObject({ status: "partial" });
  const [row] = await priceless.store.records.list({ limit: 1 });
  expect(row?.reason).toContain("--prices");
  expect((await priceless.notes("1"))[0]?.description).toContain("No model was used: its price is not known");
});

test("a fallback model writes where the first one fails, and both are seen", async () => {
  const rig = await startRig({ llm: {} });
  const two = await startRig({
    config: {
      models: [
        { apiKey: "k", baseUrl: "http://127.0.0.1:9/v1", model: "gpt-4o" },
        { apiKey: "k", baseUrl: `${rig.llm?.url ?? ""}/v1`, model: "gpt-4o-mini" },
      ],
    },
  });
  await two.importHistory([{ id: "VPN-1", subject: "VPN fails", resolution: "Restarted the VPN client." }]);
  expect(await two.run("1", "VPN fails")).toMatchObject({ status: "partial" });
  const [row] = await two.store.records.list({ limit: 1 });
  expect(row).toMatchObject({ writer: "model", model: "gpt-4o-mini" });
  const spans = two.spans().filter(({ name }) => name === "llm.openai.completion");
  expect(spans.map(({ status }) => status.code)).toEqual([2, 0]);
});
