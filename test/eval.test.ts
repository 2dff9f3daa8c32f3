import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { run, runJson, temporaryDirectory } from "./harness.ts";
import { startPostgresIn } from "./servers.ts";

interface Report {
  database: string;
  history: number;
  parts: {
    part: string;
    ours: { recall: Record<string, number>; mrr: number; queries: number };
    plainBm25: { mrr: number };
  }[];
}

test("eval retrieval prints what known questions find, on both databases, and keeps nothing", async () => {
  const directory = await temporaryDirectory();
  const [history, queries] = [join(directory, "history.jsonl"), join(directory, "queries.jsonl")];
  const tickets = [
    ["A-1", "VPN certificate expired", "Renewed the certificate."],
    ["A-2", "Printer jams in room seven", "Removed the paper."],
    ["A-3", "Outlook calendar empty", "Rebuilt the profile."],
  ].map(([ticket_id, subject, resolution]) => ({ ticket_id, subject, description: subject, resolution }));
  await writeFile(history, tickets.map((ticket) => `${JSON.stringify(ticket)}\n`).join(""));
  const asked = [
    { query: "certifcate of the vpn", relevant: ["A-1"] },
    { query: "pritner jamms", relevant: ["A-2"] },
  ];
  await writeFile(queries, asked.map((one) => `${JSON.stringify(one)}\n`).join(""));
  const options = ["--history", history, "--queries", queries];
  const { url } = await startPostgresIn(join(await temporaryDirectory(), "data"));
  for (const [database, where] of [
    ["sqlite", []],
    ["postgresql", ["--postgres", url]],
  ] as const) {
    const report = await runJson<Report>(["eval", "retrieval", ...options, ...where]);
    expect(report).toMatchObject({ database, history: 3 });
    expect(report.parts[0]).toMatchObject({
      part: "tickets",
      ours: { queries: 2, mrr: 1, recall: { 1: 1, 5: 1 } },
    });
    expect(report.parts[0]?.plainBm25.mrr).toBeLessThan(1);
  }
  const again = await runJson<Report>(["eval", "retrieval", ...options, "--postgres", url]);
  expect(again.history).toBe(3);
  const { code, stdout } = await run(["eval", "retrieval", ...options]);
  expect(code).toBe(0);
  expect(stdout).toMatch(/tickets +throughline +2 +1\.000/);
  await writeFile(
    queries,
    `${JSON.stringify({ query: "vpn certificate", relevant: ["A-1", "A-99"] })}\n${JSON.stringify({ query: "x", relevant: ["b.md"] })}\n`,
  );
  const typos = await run(["eval", "retrieval", ...options, "--json"]);
  expect(typos.stderr).toContain("1: neither a ticket of the history nor a document: A-99, skipped");
  expect(typos.stderr).toContain("2: neither a ticket of the history nor a document: b.md, skipped");
  expect(JSON.parse(typos.stdout)).toMatchObject({ parts: [{ ours: { queries: 1, mrr: 1 } }] });
  await writeFile(queries, "not json\n");
  const bad = await run(["eval", "retrieval", ...options]);
  expect(bad.code).toBe(1);
  expect(bad.stderr).toContain("TL_IMPORT_NOTHING");
});

test("a ticket that is found under the name of one alike is found, once", async () => {
  const directory = await temporaryDirectory();
  const [history, queries] = [join(directory, "history.jsonl"), join(directory, "queries.jsonl")];
  const ticket = (ticket_id: string, subject: string, resolution: string) =>
    `${JSON.stringify({ ticket_id, subject, description: subject, resolution })}\n`;
  const twin = ["VPN certificate expired", "Renewed the certificate."] as const;
  await writeFile(
    history,
    [
      ticket("A-1", ...twin),
      ticket("A-2", ...twin),
      ticket("A-3", "Printer jams", "Removed the paper."),
    ].join(""),
  );
  const asked = [
    { query: "vpn certificate expired", relevant: ["A-1"] },
    { query: "vpn certificate expired", relevant: ["A-2"] },
    { query: "vpn certificate expired", relevant: ["A-1", "A-2"] },
  ];
  await writeFile(queries, asked.map((one) => `${JSON.stringify(one)}\n`).join(""));
  const { parts } = await runJson<Report>(["eval", "retrieval", "--history", history, "--queries", queries]);
  expect(parts[0]?.ours).toMatchObject({ mrr: 1, recall: { 1: 1, 5: expect.closeTo(2.5 / 3, 5) as number } });
});
