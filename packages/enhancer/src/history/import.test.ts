import { execFileSync } from "node:child_process";
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, expect, test } from "vitest";
import { termPrefix } from "../context/words/stored-terms.ts";
import { type EnhancerStore, openEnhancerStore } from "../store.ts";
import type { Importer } from "./import-result.ts";
import { importDocuments, importHistory, importInventory } from "./index.ts";

let directory: string;
let store: EnhancerStore;
const bad: [number | string, string][] = [];

beforeEach(async () => {
  bad.length = 0;
  directory = await mkdtemp(join(tmpdir(), "throughline-import-"));
  store = openEnhancerStore(directory);
  await store.tenants.add({
    id: "acme",
    settings: { desk: { kind: "servicedesk-plus", url: "http://127.0.0.1:9" } },
    secrets: { webhook: "a good secret", deskKey: "k" },
  });
});

afterEach(async () => {
  await store.close();
  await rm(directory, { recursive: true });
});

async function run(importer: Importer, name: string, content: string | Buffer) {
  await writeFile(join(directory, name), content);
  return importer(store.database, "acme", join(directory, name), {
    onProgress: () => {},
    onBadRow: (where, why) => bad.push([where, why]),
  });
}

const header = "ticket_id,subject,description,resolution,resolved_date,priority,tags\n";

test("a CSV with a BOM, CRLF, quoted line breaks and columns in any order is read", async () => {
  const csv =
    '\ufeffpriority,ticket_id,resolution,subject,description,extra\r\nhigh,A-1,"line one\nline ""two""",S,D,ignored\r\n';
  expect(await run(importHistory, "a.csv", csv)).toEqual({
    read: 1,
    inserted: 1,
    updated: 0,
    unchanged: 0,
    skipped: 0,
  });
  expect(await store.database.selectFrom("ticket_history").selectAll().executeTakeFirst()).toMatchObject({
    ticket_id: "A-1",
    resolution: 'line one\nline "two"',
    priority: "high",
  });
});

test("bad rows are named by line and skipped, the rest goes in", async () => {
  const rows = [
    "A-1,S,D,R,2026-01-01T00:00:00Z,high,a;b",
    "lower case,S,D,R,,,",
    "A-3,S,D,R,not a date,,",
    "A-4,only three",
    "A-5,S,D,,,,",
    "A-6,S,D,R,,urgent,",
    "A-7,S,D,R,,,",
  ];
  expect(await run(importHistory, "h.csv", header + rows.join("\n"))).toMatchObject({
    read: 7,
    inserted: 2,
    skipped: 5,
  });
  expect(bad.map(([line]) => line).sort((a, b) => Number(a) - Number(b))).toEqual([3, 4, 5, 6, 7]);
});

test("JSONL is read, dates in milliseconds too, and what is no JSON is named", async () => {
  const lines = [
    {
      ticket_id: "J-1",
      subject: "S",
      description: "D",
      resolution: "R",
      resolved_date: 1_760_000_000_000,
      tags: ["x"],
    },
    "{broken",
    { ticket_id: "J-2" },
  ];
  const text = lines.map((line) => (typeof line === "string" ? line : JSON.stringify(line))).join("\n");
  expect(await run(importHistory, "h.jsonl", text)).toMatchObject({ read: 3, inserted: 1, skipped: 2 });
  expect(bad.map(([line]) => line)).toEqual([2, 3]);
});

test("a second run changes nothing, a changed row is updated and found by its new words", async () => {
  const rows = Array.from({ length: 900 }, (_, at) => `T-${at},subject ${at},D,R,,,`).join("\n");
  expect(await run(importHistory, "h.csv", header + rows)).toMatchObject({ inserted: 900 });
  expect(await run(importHistory, "h.csv", header + rows)).toMatchObject({
    inserted: 0,
    updated: 0,
    unchanged: 900,
  });
  expect(await run(importHistory, "h.csv", header + rows.replace("subject 7,", "zebra,"))).toMatchObject({
    updated: 1,
    unchanged: 899,
  });
  const { sql } = await import("kysely");
  const found = await sql<{
    rowid: number;
  }>`select rowid from ticket_history_terms where ticket_history_terms match ${`${termPrefix("acme")}zebra`}`.execute(
    store.database,
  );
  expect(found.rows).toHaveLength(1);
});

test("a ticket that stands twice keeps its last line", async () => {
  await run(importHistory, "h.csv", `${header}A-1,first,D,R,,,\nA-1,second,D,R,,,\n`);
  expect(await store.database.selectFrom("ticket_history").select("subject").execute()).toEqual([
    { subject: "second" },
  ]);
});

test("an unknown tenant, a missing file, a folder and an empty file have their codes", async () => {
  const options = { onProgress: () => {}, onBadRow: () => {} };
  await expect(
    importHistory(store.database, "nobody", join(directory, "x.csv"), options),
  ).rejects.toMatchObject({ code: "TL_TENANT_UNKNOWN" });
  await expect(
    importHistory(store.database, "acme", join(directory, "x.csv"), options),
  ).rejects.toMatchObject({ code: "TL_FILE_UNREADABLE" });
  await expect(importHistory(store.database, "acme", directory, options)).rejects.toMatchObject({
    code: "TL_FILE_UNREADABLE",
  });
  await expect(
    importDocuments(store.database, "acme", join(directory, "none"), options),
  ).rejects.toMatchObject({ code: "TL_FILE_UNREADABLE" });
  await expect(run(importHistory, "empty.csv", header)).rejects.toMatchObject({ code: "TL_IMPORT_NOTHING" });
});

test("inventory: addresses in any spelling become one row, what is no address is named", async () => {
  const csv =
    "ip,hostname,role,client,location\n10.0.0.1,a,r,c,l\n2001:DB8:0::1,b,,,\n2001:db8::1,b2,,,\nnot-an-ip,x,,,\n";
  expect(await run(importInventory, "i.csv", csv)).toMatchObject({
    read: 4,
    inserted: 2,
    updated: 1,
    skipped: 1,
  });
  expect(bad).toEqual([[5, expect.stringContaining("address")]]);
  expect(await run(importInventory, "i.csv", csv)).toMatchObject({ inserted: 0 });
});

test("HTML that a desk exported becomes text, dates are ISO or milliseconds, Windows-1252 is read", async () => {
  const rows = [
    'H-1,Quota &amp; mail,see <host> a < b,"<div>Raised the <b>quota</b>.<br>Told&nbsp;her.</div>",1760000000000,,',
    "H-2,Gr\u00fc\u00dfe,D,R,2026-02-03,,",
    "H-3,S,D,R,03/02/2026,,",
    "H-4,S,D,<p> </p>,,,",
  ];
  const bytes = Buffer.from(header + rows.join("\n"), "latin1");
  expect(await run(importHistory, "h.csv", bytes)).toMatchObject({ inserted: 2, skipped: 2 });
  expect(bad).toEqual([
    [4, expect.stringContaining("resolved_date")],
    [5, expect.stringContaining("resolution")],
  ]);
  const stored = await store.database.selectFrom("ticket_history").selectAll().orderBy("ticket_id").execute();
  expect(stored[0]).toMatchObject({
    description: "see <host> a < b",
    resolution: "Raised the quota.\n\nTold her.",
    resolved_at: 1_760_000_000_000,
  });
  expect(stored[1]).toMatchObject({ subject: "Gr\u00fc\u00dfe", resolved_at: Date.parse("2026-02-03") });
});

test("a quote that does not close costs one row, a line without end another", async () => {
  const rows = ['A-1,S,D,"open,,,', "A-2,S,D,R,,,", `A-3,S,D,${"x".repeat(3_000_000)},,,`, "A-4,S,D,R,,,"];
  expect(await run(importHistory, "h.csv", `${header}${rows.join("\n")}`)).toMatchObject({
    read: 4,
    inserted: 2,
    skipped: 2,
  });
  expect(bad.map(([line]) => line)).toEqual([2, 4]);
});

test("a header that lacks a column stops the import and names it", async () => {
  await expect(run(importHistory, "h.csv", "ticket_id,subject,resolution\nA-1,S,R\n")).rejects.toMatchObject({
    code: "TL_IMPORT_NOTHING",
    message: expect.stringContaining(
      "lacks the column description; its header has ticket_id, subject, resolution",
    ),
  });
});

test("a JSONL file may begin with a BOM, and is known by its first character", async () => {
  const line = JSON.stringify({ ticket_id: "J-1", subject: "S", description: "D", resolution: "R" });
  expect(await run(importHistory, "export", `\ufeff${line}\r\n`)).toMatchObject({ inserted: 1, skipped: 0 });
});

test("a file that opens and cannot be read has its code, as has a pipe", async () => {
  const options = { onProgress: () => {}, onBadRow: () => {} };
  await symlink("/proc/self/mem", join(directory, "broken.csv"));
  execFileSync("mkfifo", [join(directory, "pipe.csv")]);
  for (const name of ["broken.csv", "pipe.csv"])
    await expect(importHistory(store.database, "acme", join(directory, name), options)).rejects.toMatchObject(
      { code: "TL_FILE_UNREADABLE" },
    );
});

test("documents: a pipe is passed over, what is too large or no gzip is named, an emptied file is forgotten", async () => {
  const docs = join(directory, "docs");
  await mkdir(docs);
  execFileSync("mkfifo", [join(docs, "pipe.md")]);
  await writeFile(join(docs, "a.md"), "# A\n\nText.\n");
  await writeFile(join(docs, "bomb.txt.gz"), gzipSync(Buffer.alloc(11 * 1024 * 1024, "x")));
  await writeFile(join(docs, "large.txt"), Buffer.alloc(10 * 1024 * 1024 + 1, "x"));
  await writeFile(join(docs, "torn.txt.gz"), "not gzip");
  const options = {
    onProgress: () => {},
    onBadRow: (where: number | string, why: string) => bad.push([where, why]),
  };
  expect(await importDocuments(store.database, "acme", docs, options)).toMatchObject({
    inserted: 1,
    skipped: 3,
  });
  expect(bad).toEqual([
    ["docs/bomb.txt.gz", "is over 10 MiB inflated"],
    ["docs/large.txt", "is over 10 MiB"],
    ["docs/torn.txt.gz", "is no gzip file"],
  ]);
  await writeFile(join(docs, "a.md"), "");
  await importDocuments(store.database, "acme", docs, options);
  expect(await store.database.selectFrom("documents").select("path").execute()).toEqual([]);
});

test("a folder of documents is cut into sections by headings, with unique anchors", async () => {
  const docs = join(directory, "handbook");
  await mkdir(join(docs, "deep"), { recursive: true });
  await writeFile(
    join(docs, "vpn.md"),
    "Before.\n\n# VPN\n\n## Setup\n\nInstall *the* `client`.\n\n```\ncode stays\n```\n\n## Setup\n\nAgain.\n",
  );
  await writeFile(
    join(docs, "deep", "page.html"),
    "<html><head><title>t</title><script>evil()</script></head><body><h1>Mail</h1><p>Quota is <b>50 GB</b>.</p><h2>Send</h2><ul><li>one</li><li>two</li></ul></body></html>",
  );
  await writeFile(join(docs, "notes.txt.gz"), gzipSync("Plain text.\n"));
  await writeFile(join(docs, "latin.txt"), Buffer.from("Grüße", "latin1"));
  await writeFile(join(docs, "empty.md"), "");
  await writeFile(join(docs, "ignored.png"), "x");
  await symlink("/etc/passwd", join(docs, "outside.txt"));
  const options = {
    onProgress: () => {},
    onBadRow: (where: number | string, why: string) => bad.push([where, why]),
  };
  expect(await importDocuments(store.database, "acme", docs, options)).toMatchObject({
    read: 5,
    inserted: 4,
    skipped: 1,
  });
  expect(bad).toEqual([["handbook/empty.md", "holds no text"]]);
  const rows = await store.database
    .selectFrom("documents")
    .select(["path", "anchor", "title", "body"])
    .orderBy("path")
    .orderBy("rowid")
    .execute();
  expect(rows.map(({ path, anchor, title }) => [path, anchor, title])).toEqual([
    ["handbook/deep/page.html", "mail", "Mail"],
    ["handbook/deep/page.html", "send", "Mail > Send"],
    ["handbook/latin.txt", "", "latin"],
    ["handbook/notes.txt.gz", "", "notes"],
    ["handbook/vpn.md", "", "vpn"],
    ["handbook/vpn.md", "setup", "VPN > Setup"],
    ["handbook/vpn.md", "setup-2", "VPN > Setup"],
  ]);
  expect(rows.find(({ anchor }) => anchor === "setup")?.body).toContain("Install the client.");
  expect(rows.find(({ anchor }) => anchor === "setup")?.body).toContain("code stays");
  expect(rows.find(({ anchor }) => anchor === "mail")?.body).toBe("Quota is 50 GB.");
  expect(rows.find(({ path }) => path.includes("latin"))?.body).toBe("Grüße");
  expect(JSON.stringify(rows)).not.toContain("evil");

  expect(await importDocuments(store.database, "acme", docs, options)).toMatchObject({
    inserted: 0,
    updated: 0,
    unchanged: 4,
  });
  await writeFile(join(docs, "vpn.md"), "# VPN\n\nAll new.\n");
  expect(await importDocuments(store.database, "acme", docs, options)).toMatchObject({
    updated: 1,
    unchanged: 3,
  });
});

test("progress ends at the whole", async () => {
  const seen: [number, number][] = [];
  await writeFile(
    join(directory, "p.csv"),
    header + Array.from({ length: 3_000 }, (_, at) => `P-${at},S,D,R,,,`).join("\n"),
  );
  await importHistory(store.database, "acme", join(directory, "p.csv"), {
    onProgress: (done, total) => seen.push([done, total]),
    onBadRow: () => {},
  });
  expect(seen.at(-1)?.[0]).toBe(seen.at(-1)?.[1]);
});
