import { readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { acceptTicket, jobEnded, named, notesOf, run, startWithDesk, tag, traceWith } from "./harness.ts";

interface ContractRow {
  name: string;
  kind: string;
  parent: string | undefined;
  attributes: string[];
}

/** The tables of docs/trace-contract.md: the document is what is tested. */
function readContract(): { spans: ContractRow[]; everywhere: string[] } {
  const text = readFileSync(new URL("../docs/trace-contract.md", import.meta.url), "utf8");
  const codes = (cell = "") => [...cell.matchAll(/`([^`]+)`/g)].map(([, code]) => code ?? "");
  const rows = (heading: string) => {
    const section = text.split(`## ${heading}\n`)[1]?.split("\n## ")[0] ?? "";
    return section
      .split("\n")
      .filter((line) => line.startsWith("| `"))
      .map((line) => line.split("|").slice(1, -1));
  };
  return {
    spans: rows("Spans").map((cells) => ({
      name: codes(cells[0])[0] ?? "",
      kind: (cells[1] ?? "").trim().toLowerCase(),
      parent: codes(cells[2])[0],
      attributes: codes(cells[3]),
    })),
    everywhere: rows("On every span").map((cells) => codes(cells[0])[0] ?? ""),
  };
}

test("a ticket's trace is exactly what the trace contract says", { timeout: 120_000 }, async () => {
  const { data, desk, up } = await startWithDesk();
  await writeFile(
    join(data, "inventory.csv"),
    "ip,hostname,role,client,location\n10.0.0.5,lt-5,Laptop,Acme,Office\n",
  );
  const imported = await run([
    "import",
    "inventory",
    join(data, "inventory.csv"),
    "--tenant",
    "acme",
    "--data",
    data,
  ]);
  expect(imported).toMatchObject({ code: 0 });

  const { job_id: jobId, trace_id: traceId } = await acceptTicket(
    up.address("webhook"),
    "TICKET-456",
    `secret token=abcdefghijkl ${"x".repeat(200)} 10.0.0.5`,
  );
  expect(await jobEnded(up.address("admin"), jobId)).toMatchObject({ state: "done", status: "success" });
  const spans = await traceWith(
    up.address("console"),
    traceId,
    (found) => named(found, "enhance_ticket").length === 1 && named(found, "job_queued").length === 1,
  );

  const contract = readContract();
  expect(contract.spans).toHaveLength(9);
  for (const row of contract.spans) {
    const [span, ...more] = named(spans, row.name);
    expect(span, row.name).toBeDefined();
    expect(more, row.name).toEqual([]);
    expect(tag(span, "span.kind"), `${row.name} kind`).toBe(row.kind);
    const parentId = span?.references.find(({ refType }) => refType === "CHILD_OF")?.spanID;
    const parent = spans.find(({ spanID }) => spanID === parentId);
    expect(parent?.operationName, `${row.name} parent`).toBe(row.parent);
    for (const key of [...row.attributes, ...contract.everywhere])
      expect(tag(span, key), `${row.name} ${key}`).toBeDefined();
    expect(tag(span, "tenant.id"), row.name).toBe("acme");
    expect(tag(span, "ticket.id"), row.name).toBe("TICKET-456");
    expect(tag(span, "error"), row.name).toBeUndefined();
    expect(tag(span, "slow_trace"), row.name).toBe(false);
  }

  const [root] = named(spans, "POST /webhook/servicedesk");
  expect(tag(root, "http.response.status_code")).toBe(202);
  expect(String(tag(root, "ticket.description")).length).toBeLessThanOrEqual(100);
  expect(String(tag(root, "ticket.description"))).not.toContain("abcdefghijkl");
  const [enhanced] = named(spans, "enhance_ticket");
  expect(tag(enhanced, "enhancement.status")).toBe("success");
  expect(tag(enhanced, "job.attempt")).toBe(1);
  expect(tag(enhanced, "job.id")).toBe(jobId);
  const [gathered] = named(spans, "context_gathering");
  expect(tag(gathered, "operation")).toBe("context_gathering");
  expect(tag(gathered, "result.ip_lookup")).toBe("found");
  const [written] = named(spans, "llm.openai.completion");
  expect(tag(written, "llm.writer")).toBe("extractive");
  expect(written?.tags.filter(({ key }) => key.startsWith("gen_ai."))).toEqual([]);

  const notes = await notesOf(desk.address("desk"), "TICKET-456");
  expect(notes).toHaveLength(1);
  expect(notes[0]?.show_to_requester).toBe(false);
  expect(notes[0]?.description).toContain(traceId);
  expect(tag(named(spans, "api.servicedesk_plus.update_ticket")[0], "desk.note.id")).toBe(notes[0]?.id);
});

test("a trace context from outside is a link unless the tenant trusts it", { timeout: 120_000 }, async () => {
  const { up } = await startWithDesk();
  const outside = { trace: "11111111111111111111111111111111", span: "2222222222222222" };
  const { postTicket } = await import("./harness.ts");
  const response = await postTicket(
    up.address("webhook"),
    { ticket_id: "LINK-1" },
    { traceparent: `00-${outside.trace}-${outside.span}-00` },
  );
  const { trace_id: traceId } = (await response.json()) as { trace_id: string };
  expect(traceId).not.toBe(outside.trace);
  const spans = await traceWith(
    up.address("console"),
    traceId,
    (found) => named(found, "POST /webhook/servicedesk").length === 1,
  );
  expect(named(spans, "POST /webhook/servicedesk")[0]?.references).toEqual([
    { refType: "FOLLOWS_FROM", traceID: outside.trace, spanID: outside.span },
  ]);
});
