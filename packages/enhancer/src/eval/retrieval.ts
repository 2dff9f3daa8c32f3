import { ThroughlineError } from "@throughline/api";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join, resolve } from "node:path";
import { z } from "zod";
import { importDocuments } from "../history/import-documents.ts";
import { importHistory } from "../history/import-history.ts";
import type { ImportOptions } from "../history/import-result.ts";
import { readRows } from "../history/rows.ts";
import { type EnhancerStore, openEnhancerStore } from "../store.ts";
import { type Measures, measure } from "./measures.ts";
import { PlainBm25 } from "./plain-bm25.ts";
import { temporarySchema } from "./temporary-schema.ts";

const tenantId = "eval";
const budgetMs = 30_000;
const rules = { permissions: [], versions: [], exclude: [] };

const query = z.object({
  /** What the ticket says. */
  query: z.string().min(1).max(1_000_000),
  subject: z.string().max(10_000).default(""),
  /** The ticket's own id, where it stands in the history: it is not to be found. */
  ticket_id: z.string().max(100).default(""),
  /** Ids of tickets and `path` or `path#heading` of documents, as notes cite them. */
  relevant: z.array(z.string().min(1)).min(1).max(100_000),
});
type Query = z.infer<typeof query> & { line: number };

export interface RetrievalOptions {
  history: string;
  queries: string;
  /** Folder of documents. */
  docs: string | undefined;
  postgres: string | undefined;
  onBadRow: ImportOptions["onBadRow"];
}

export interface RetrievalReport {
  database: "sqlite" | "postgresql";
  history: number;
  documents: number;
  /** For tickets, and for documents where there are some. */
  parts: { part: "tickets" | "documents"; ours: Measures; plainBm25: Measures }[];
  /** Milliseconds of one search. */
  p50Ms: number;
  p95Ms: number;
}

/**
 * Imports history (and documents) into a database of its own and asks it each query as a worker would. Nothing is kept. Throws
 * TL_FILE_UNREADABLE, TL_IMPORT_NOTHING, TL_DATABASE_UNAVAILABLE.
 */
export async function evaluateRetrieval(options: RetrievalOptions): Promise<RetrievalReport> {
  const directory = await mkdtemp(join(tmpdir(), "throughline-eval-"));
  const schema = options.postgres === undefined ? undefined : await temporarySchema(options.postgres);
  const store = openEnhancerStore(directory, schema === undefined ? {} : { postgres: schema.url });
  try {
    await store.tenants.add({
      id: tenantId,
      settings: { desk: { kind: "servicedesk-plus", url: "http://127.0.0.1:9" } },
      secrets: { webhook: "none: nothing is sent", deskKey: "none" },
    });
    const importing = { onProgress: () => {}, onBadRow: options.onBadRow };
    await importHistory(store.database, tenantId, options.history, importing);
    if (options.docs !== undefined)
      await importDocuments(store.database, tenantId, resolve(options.docs), importing);
    const queries = await readQueries(options.queries, options.onBadRow);
    return await ask(
      store,
      await withKnown(store, queries, options.onBadRow),
      schema === undefined ? "sqlite" : "postgresql",
    );
  } finally {
    await store.close();
    await schema?.drop();
    await rm(directory, { recursive: true });
  }
}

async function readQueries(path: string, onBadRow: ImportOptions["onBadRow"]): Promise<Query[]> {
  const queries: Query[] = [];
  for await (const { line, fields, problem } of readRows(path, ["query", "relevant"], {
    onProgress: () => {},
    onBadRow,
  })) {
    const parsed = query.safeParse(fields);
    if (parsed.success) queries.push({ ...parsed.data, line });
    else
      onBadRow(
        line,
        problem ??
          parsed.error.issues.map(({ path: at, message }) => `${at.join(".")}: ${message}`).join("; "),
      );
  }
  if (queries.length === 0)
    throw new ThroughlineError(
      "TL_IMPORT_NOTHING",
      `${basename(path)} holds no query: JSON lines with query and relevant.`,
    );
  return queries;
}

/** What is asked for and stands nowhere cannot be found: a misspelt id would look like a search that fails. */
async function withKnown(
  { database }: EnhancerStore,
  queries: readonly Query[],
  onBadRow: ImportOptions["onBadRow"],
): Promise<Query[]> {
  const tickets = await database.selectFrom("ticket_history").select("ticket_id").execute();
  const documents = await database.selectFrom("documents").select(["path", "anchor"]).execute();
  const known = new Set([
    ...tickets.map(({ ticket_id: id }) => id),
    ...documents.flatMap((row) => [row.path, documentId(row)]),
  ]);
  return queries.map((one) => {
    const unknown = one.relevant.filter((id) => !known.has(id));
    if (unknown.length > 0)
      onBadRow(one.line, `neither a ticket of the history nor a document: ${unknown.slice(0, 5).join(", ")}`);
    return { ...one, relevant: one.relevant.filter((id) => known.has(id)) };
  });
}

async function ask(
  store: EnhancerStore,
  queries: readonly Query[],
  database: RetrievalReport["database"],
): Promise<RetrievalReport> {
  const tickets = await store.database
    .selectFrom("ticket_history")
    .select(["ticket_id", "subject", "description", "resolution", "tags"])
    .execute();
  const documents = await store.database
    .selectFrom("documents")
    .select(["path", "anchor", "title", "body"])
    .execute();
  const times: number[] = [];
  const parts: RetrievalReport["parts"] = [];
  const ticketIds = new Set(tickets.map(({ ticket_id: id }) => id));
  const sides = [
    {
      part: "tickets",
      search: "ticket_history",
      isOurs: (id: string) => ticketIds.has(id),
      rows: tickets.map((row) => ({
        id: row.ticket_id,
        text: `${row.subject}\n${row.description}\n${row.resolution}\n${row.tags}`,
      })),
    },
    {
      part: "documents",
      search: "documentation",
      isOurs: (id: string) => !ticketIds.has(id),
      rows: documents.map((row) => ({ id: documentId(row), text: `${row.title}\n${row.body}` })),
    },
  ] as const;
  for (const { part, search, isOurs, rows } of sides) {
    const own = queries
      .map((one) => ({ ...one, relevant: one.relevant.filter(isOurs) }))
      .filter(({ relevant }) => relevant.length > 0);
    if (rows.length === 0 || own.length === 0) continue;
    const plain = new PlainBm25(rows);
    const [ours, theirs]: [Ranking[], Ranking[]] = [[], []];
    for (const one of own) {
      const relevant = new Set(one.relevant);
      const began = performance.now();
      const { sources } = await store.context.search(
        search,
        { tenantId, ticketId: one.ticket_id, subject: one.subject, description: one.query },
        rules,
        { signal: new AbortController().signal, budgetMs },
      );
      times.push(performance.now() - began);
      // A result stands for those that it names as alike: it takes one place, and finds one of them.
      const found = sources.map(({ id, alike = [] }) => firstMatching([id, ...alike], relevant));
      ours.push({ found: distinct(found), relevant });
      const plainFound = plain.find(`${one.subject} ${one.query}`, one.ticket_id, 5);
      theirs.push({ found: distinct(plainFound.map((id) => matching(id, relevant))), relevant });
    }
    plain.close();
    parts.push({ part, ours: measure(ours), plainBm25: measure(theirs) });
  }
  times.sort((a, b) => a - b);
  const share = (part: number) => Math.round((times[Math.floor(times.length * part)] ?? 0) * 10) / 10;
  return {
    database,
    history: tickets.length,
    documents: documents.length,
    parts,
    p50Ms: share(0.5),
    p95Ms: share(0.95),
  };
}

interface Ranking {
  found: string[];
  relevant: ReadonlySet<string>;
}

function documentId({ path, anchor }: { path: string; anchor: string }): string {
  return anchor === "" ? path : `${path}#${anchor}`;
}

/** A query may name a document without saying which section. */
function matching(id: string, relevant: ReadonlySet<string>): string {
  const path = id.replace(/#.*$/, "");
  return !relevant.has(id) && relevant.has(path) ? path : id;
}

function firstMatching(ids: readonly string[], relevant: ReadonlySet<string>): string {
  const named = ids.map((id) => matching(id, relevant));
  return named.find((id) => relevant.has(id)) ?? named[0] ?? "";
}

/** Another section of a document that was found already takes a place and finds nothing more. */
function distinct(ids: readonly string[]): string[] {
  return ids.map((id, at) => (ids.indexOf(id) === at ? id : ""));
}
