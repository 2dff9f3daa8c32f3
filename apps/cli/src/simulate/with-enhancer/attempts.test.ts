import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { startRig } from "./rig.ts";

const kinds = ["servicedesk-plus", "zammad"] as const;
type Rig = Awaited<ReturnType<typeof startRig>>;

const rowsOf = (rig: Rig, ticketId: string) => rig.store.records.list({ ticketId, limit: 10 });
const spanNamed = (rig: Rig, name: string) => rig.spans().findLast((span) => span.name === name);
const skippedEvent = (rig: Rig) =>
  spanNamed(rig, "enhance_ticket")?.events.find(({ name }) => name === "enhancement.skipped");
const skipCode = (rig: Rig) => skippedEvent(rig)?.attributes?.["enhancement.skip.code"];

describe.each(kinds)("a ticket of %s", (kind) => {
  test("gets one private note, in spans of its desk, and a record", async () => {
    const rig = await startRig({ desk: { kind } });
    await rig.importHistory([
      {
        id: "VPN-1",
        subject: "VPN certificate expired",
        resolution: "Renewed the certificate with certreq.",
      },
    ]);
    expect(await rig.run("4711")).toMatchObject({ state: "done", status: "success" });
    const notes = await rig.notes("4711");
    expect(notes).toHaveLength(1);
    expect(notes[0]).toMatchObject({ show_to_requester: false });
    expect(notes[0]?.description).toContain("Renewed the certificate");
    expect(notes[0]?.description).toMatch(/ref: tl-[0-9a-f]{20}/);
    expect(notes[0]?.description).toContain("https://throughline.example.com/feedback/");
    const desk = kind.replaceAll("-", "_");
    for (const name of [`api.${desk}.get_ticket`, `api.${desk}.update_ticket`])
      expect(spanNamed(rig, name)?.attributes["http.response.status_code"], name).toBeDefined();
    expect(await rowsOf(rig, "4711")).toMatchObject([
      { status: "success", delivery: "written", note_id: notes[0]?.id, tenant_id: "acme", attempt: 1 },
    ]);
  });

  test("that was changed by people is written from what the desk says now", async () => {
    const rig = await startRig({ desk: { kind } });
    await rig.edit("4711", { subject: "Mail stuck", description: "<p>The <b>outbox</b> holds 40 mails</p>" });
    await rig.run("4711", "webhook text");
    const [row] = await rowsOf(rig, "4711");
    expect(JSON.parse(row?.input ?? "")).toMatchObject({
      subject: "Mail stuck",
      description: "The outbox holds 40 mails",
    });
  });

  test("that is closed gets none, and the trace says why without an error", async () => {
    const rig = await startRig({ desk: { kind } });
    await rig.edit("4711", { subject: "x", status: "Closed" });
    expect(await rig.run("4711")).toMatchObject({ state: "done", status: "skipped", noteId: null });
    expect(await rig.notes("4711")).toEqual([]);
    const span = spanNamed(rig, "enhance_ticket");
    expect(span?.status.code).toBe(0);
    expect(span?.attributes["enhancement.status"]).toBe("skipped");
    expect(skipCode(rig)).toBe("closed");
  });

  test("that has its note gets no second one unless it is forced", async () => {
    const rig = await startRig({ desk: { kind } });
    const first = await rig.run("4711");
    expect(await rig.run("4711")).toMatchObject({ status: "skipped" });
    expect(skipCode(rig)).toBe("already_noted");
    // Our records are gone: the desk's note still tells.
    await rig.store.records.eraseTicket("acme", "4711");
    expect(await rig.run("4711")).toMatchObject({ status: "skipped" });
    const again = await rig.store.queue.rerun(first.id, { isForced: true });
    expect(await rig.ended(again.id)).toMatchObject({ status: "success" });
    expect(await rig.notes("4711")).toHaveLength(2);
  });

  test("whose text changes meanwhile is written from anew, once; other edits do not matter", async () => {
    const rig = await startRig({ desk: { kind }, llm: { faults: { delayMs: 400 } } });
    await rig.edit("4711", { subject: "Printer", description: "paper jam" });
    const jobId = await rig.enqueue("4711", "x");
    await sleep(200);
    await rig.edit("4711", { subject: "Scanner" });
    await rig.ended(jobId);
    const [row] = await rowsOf(rig, "4711");
    expect(JSON.parse(row?.input ?? "")).toMatchObject({ subject: "Scanner" });
    const events = spanNamed(rig, "enhance_ticket")?.events.map(({ name }) => name);
    expect(events).toContain("ticket.changed");

    const other = await rig.enqueue("4712", "x");
    await sleep(200);
    await rig.edit("4712", { group: "Network" });
    expect(await rig.ended(other)).toMatchObject({ status: "success" });
    expect(spanNamed(rig, "enhance_ticket")?.events.map(({ name }) => name)).not.toContain("ticket.changed");
  });

  test("that is closed meanwhile gets none", async () => {
    const rig = await startRig({ desk: { kind }, llm: { faults: { delayMs: 400 } } });
    await rig.edit("4711", { subject: "Printer" });
    const jobId = await rig.enqueue("4711", "x");
    await sleep(200);
    await rig.edit("4711", { status: "Closed" });
    expect(await rig.ended(jobId)).toMatchObject({ status: "skipped" });
    expect(await rig.notes("4711")).toEqual([]);
  });
});

test.each([
  ["group", { groups: ["network"] }, { group: "Network" }],
  ["category", { categories: ["Payroll"] }, { category: "Payroll" }],
  [
    "requester",
    { requesters: ["ann@example.com"] },
    { requester: { name: "Ann", email_id: "ann@example.com" } },
  ],
])("a %s that opted out gets no notes", async (_name, optOut, fields) => {
  const rig = await startRig({ settings: { note: { optOut } } });
  await rig.edit("1", { subject: "x", ...fields });
  expect(await rig.run("1")).toMatchObject({ status: "skipped" });
  expect(skipCode(rig)).toBe("opted_out");
  expect(await rig.run("2")).toMatchObject({ status: "success" });
});

test.each([
  ["priority", { include: { priority: ["critical"] } }, { priority: { name: "2 - Urgent" } }],
  ["category", { include: { category: ["Network"] } }, {}],
])("a ticket that filters of the %s include is noted: %j", async (_name, filters, fields) => {
  const rig = await startRig({ settings: { filters } });
  await rig.edit("1", { subject: "x", ...fields });
  expect(await rig.run("1")).toMatchObject({ status: "success" });
  expect(skippedEvent(rig)).toBeUndefined();
});

test.each([
  [
    "priority",
    { include: { priority: ["critical"] } },
    { priority: { name: "Low" } },
    "do not include its priority",
  ],
  ["group", { exclude: { group: ["payroll"] } }, { group: { name: "Payroll" } }, "exclude its group"],
  ["status", { include: { status: ["Open"] } }, { status: { name: "Onhold" } }, "do not include its status"],
  [
    "requester",
    { exclude: { requester: ["ann@example.com"] } },
    { requester: { name: "Ann", email_id: "ann@example.com" } },
    "exclude its requester",
  ],
])(
  "filters of the %s see what the desk says, not only the webhook: %j",
  async (_name, filters, fields, why) => {
    const rig = await startRig({ settings: { filters } });
    await rig.edit("1", { subject: "x", ...fields });
    const job = await rig.run("1");
    expect(job).toMatchObject({ state: "done", status: "skipped", noteId: null });
    expect(job.reason).toContain(why);
    expect(skipCode(rig)).toBe("filtered");
    expect(skippedEvent(rig)?.attributes?.["enhancement.skip.reason"]).toContain(why);
    expect(await rig.notes("1")).toEqual([]);
  },
);

test("a ticket that leaves the filter while its note is written is noted all the same: other edits do not block", async () => {
  const rig = await startRig({
    settings: { filters: { include: { group: ["Network"] } } },
    llm: { faults: { delayMs: 400 } },
  });
  await rig.edit("1", { subject: "x", group: { name: "Network" } });
  const jobId = await rig.enqueue("1", "x");
  await sleep(200);
  await rig.edit("1", { group: { name: "Printers" } });
  expect(await rig.ended(jobId)).toMatchObject({ status: "success" });
});

test("shadow keeps the note and writes nothing; draft waits", async () => {
  for (const mode of ["shadow", "draft"] as const) {
    const rig = await startRig({ settings: { note: { mode } } });
    expect(await rig.run("1")).toMatchObject({ status: "success", noteId: null });
    expect(await rig.notes("1")).toEqual([]);
    const [row] = await rowsOf(rig, "1");
    expect(row).toMatchObject({ delivery: mode, note_id: null });
    expect(JSON.parse(row?.note ?? "null")).toMatchObject({ sections: expect.any(Array) as unknown });
    expect(await rig.run("1")).toMatchObject({ status: "skipped" });
  }
});

test("the switches - all, one tenant, one process - count from the next ticket on", async () => {
  const rig = await startRig();
  await rig.addTenant("beta");
  await rig.store.noteSwitch.set(false);
  expect(await rig.run("1")).toMatchObject({ status: "skipped" });
  expect(skipCode(rig)).toBe("off");
  await rig.store.noteSwitch.set(true);
  expect(await rig.run("2")).toMatchObject({ status: "success" });
  await rig.store.tenants.change("acme", { settings: { note: { enabled: false } } });
  expect(await rig.run("3")).toMatchObject({ status: "skipped" });
  expect(await rig.run("3", "x", "beta")).toMatchObject({ status: "success" });
  const off = await startRig({ config: { notesOn: false } });
  expect(await off.run("1")).toMatchObject({ status: "skipped" });
});

test("a technician who may not read tickets costs the note its check, unless somebody opted out", async () => {
  const rig = await startRig({ desk: { faults: { fail: 403, reads: true } } });
  const job = await rig.run("1");
  // The desk refuses the note as well here: what counts is that the attempt came as far.
  expect(job).toMatchObject({ state: "dead" });
  expect(job.reason).toContain("the note on 1");
  await rig.store.tenants.change("acme", { settings: { note: { optOut: { groups: ["VIP"] } } } });
  expect((await rig.run("2")).reason).toContain("to show request 2");
});

test.each(["garbage", "endless", "bomb", "cut", "inner"] as const)(
  "a desk that answers %s never costs more than its bound, and the attempt fails with a reason",
  { timeout: 30_000 },
  async (answer) => {
    const rig = await startRig({ desk: { faults: { answer } } });
    await rig.enqueue("1", "VPN");
    const row = await untilRow(rig, "1");
    expect(row).toMatchObject({ status: "failed", delivery: "none" });
    expect(row.reason).toMatch(/desk/);
  },
);

async function untilRow(rig: Rig, ticketId: string) {
  for (let tries = 0; tries < 1_000; tries++) {
    const [row] = await rowsOf(rig, ticketId);
    if (row !== undefined) return row;
    await sleep(20);
  }
  throw new Error("no attempt ended");
}

test.each(["garbage", "endless", "bomb", "cut", "inner"] as const)(
  "a model that answers %s costs its part of the note, not the note",
  { timeout: 30_000 },
  async (answer) => {
    const rig = await startRig({ llm: { faults: { answer } } });
    expect(await rig.run("1")).toMatchObject({ status: "partial" });
    const [note] = await rig.notes("1");
    expect(note?.description).toContain("the configured model failed");
  },
);
