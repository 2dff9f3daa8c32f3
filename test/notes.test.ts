import { expect, test } from "vitest";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { acceptTicket, jobEnded, notesOf, run, runJson, startWithDesk } from "./harness.ts";

interface Draft {
  id: string;
  ticketId: string;
  delivery: string;
  html: string;
}

test(
  "drafts wait for a command; the link of the written note takes thumbs; the report counts them; the switch stops notes at once",
  { timeout: 180_000 },
  async () => {
    const { data, desk, up } = await startWithDesk({ args: ["--public-url", "https://notes.example.com"] });
    const inData = ["--data", data];
    const admin = up.address("admin");
    expect((await run(["tenant", "set", "acme", "--mode", "draft", ...inData])).code).toBe(0);
    const jobIds: string[] = [];
    for (const ticket of ["DRAFT-1", "DRAFT-2"])
      jobIds.push((await acceptTicket(up.address("webhook"), ticket)).job_id);
    for (const id of jobIds) expect(await jobEnded(admin, id)).toMatchObject({ state: "done", noteId: null });
    expect(await notesOf(desk.address("desk"), "DRAFT-1")).toEqual([]);

    const { drafts } = await runJson<{ drafts: Draft[] }>(["drafts", "list", "--tenant", "acme", ...inData]);
    expect(drafts.map(({ ticketId }) => ticketId).toSorted()).toEqual(["DRAFT-1", "DRAFT-2"]);
    const [first, second] = drafts.toSorted((a, b) => (a.ticketId < b.ticketId ? -1 : 1));
    const shown = await runJson<Draft>(["drafts", "show", first?.id ?? "", ...inData]);
    expect(shown.html).toContain("Automatic note by Throughline");
    const approved = await runJson<Draft>([
      "drafts",
      "approve",
      first?.id ?? "",
      "--public-url",
      "https://notes.example.com",
      ...inData,
    ]);
    expect(approved.delivery).toBe("written");
    expect((await run(["drafts", "approve", first?.id ?? "", ...inData])).stderr).toContain(
      "TL_DRAFT_DECIDED",
    );
    const headers = { authorization: `Bearer ${tokenOf(data)}` };
    const discarded = await fetch(`${admin}/admin/api/drafts/${second?.id ?? ""}/discard`, {
      method: "POST",
      headers,
    });
    expect(await discarded.json()).toMatchObject({ delivery: "discarded" });
    expect(await notesOf(desk.address("desk"), "DRAFT-2")).toEqual([]);

    const [note] = await notesOf(desk.address("desk"), "DRAFT-1");
    const path =
      /https:\/\/notes\.example\.com(\/feedback\/[\w.-]+)/.exec(note?.description ?? "")?.[1] ?? "";
    const link = `${up.address("console")}${path}`;
    const page = await fetch(link);
    expect([page.status, page.headers.get("content-type")]).toEqual([200, "text/html; charset=utf-8"]);
    expect(await page.text()).toContain('<form method="post">');
    const report = () =>
      runJson<{ weeks: { tickets: number; thumbsUp: number; thumbsDown: number }[] }>([
        "report",
        "--tenant",
        "acme",
        "--weeks",
        "1",
        ...inData,
      ]);
    expect((await report()).weeks[0]).toMatchObject({ tickets: 2, thumbsUp: 0, thumbsDown: 0 });
    const said = await fetch(link, {
      method: "POST",
      body: new URLSearchParams({ rating: "up", reason: "just what I needed" }),
    });
    expect(said.status).toBe(200);
    expect(
      (await fetch(link, { method: "POST", body: new URLSearchParams({ rating: "great" }) })).status,
    ).toBe(400);
    expect(
      (await fetch(`${link}x`, { method: "POST", body: new URLSearchParams({ rating: "up" }) })).status,
    ).toBe(404);
    expect((await report()).weeks[0]).toMatchObject({ thumbsUp: 1, thumbsDown: 0 });
    const csv = await run(["report", "--tenant", "acme", "--weeks", "1", "--format", "csv", ...inData]);
    expect(csv.stdout.split("\r\n")[0]).toMatch(/^week,tickets,success/);
    const detail = await fetch(`${admin}/admin/api/enhancements/${first?.id ?? ""}`, { headers });
    expect(await detail.json()).toMatchObject({ feedback: [{ rating: "up", reason: "just what I needed" }] });
    const listed = await fetch(`${admin}/admin/api/enhancements?ticket=DRAFT-1&limit=1`, { headers });
    expect(await listed.json()).toMatchObject({ enhancements: [{ ticketId: "DRAFT-1" }], nextCursor: null });

    expect((await run(["notes", "off", ...inData])).stdout).toContain("Notes are off");
    const { job_id: stopped } = await acceptTicket(up.address("webhook"), "OFF-1");
    expect(await jobEnded(admin, stopped)).toMatchObject({ state: "done", status: "skipped" });
    const audit = await runJson<{ entries: { action: string; actor: string }[] }>([
      "audit",
      "list",
      ...inData,
    ]);
    const person = expect.stringMatching(/.@./) as unknown;
    expect(audit.entries.slice(0, 3)).toMatchObject([
      { action: "notes.switched", actor: person },
      { action: "draft.discarded", actor: "this instance", tenantId: "acme" },
      { action: "draft.approved", actor: person, tenantId: "acme" },
    ]);
  },
);

function tokenOf(data: string): string {
  return (JSON.parse(readFileSync(join(data, "run", "up.json"), "utf8")) as { token: string }).token;
}
