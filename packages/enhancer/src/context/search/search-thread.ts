/**
 * A thread that searches: SQLite's calls do not return before they are done, and words are taken apart and ranked here too, so
 * that the thread which takes webhooks does neither. Reads only. One request after the other on SQLite, several at once on PostgreSQL.
 */
import { getPriority, setPriority } from "node:os";
import { DatabaseSync } from "node:sqlite";
import { parentPort, workerData } from "node:worker_threads";
import { explainPostgresError } from "../../database/postgres-errors.ts";
import type { ContextPart, Source } from "../../ticket.ts";
import { rememberingStemmer } from "../words/analyse.ts";
import { type IndexReader, type RanStatement, type SearchRun, SearchStopped } from "./index-reader.ts";
import { PostgresConnections } from "./postgres-connections.ts";
import type { SearchAnswer, SearchedDatabase, SearchRequest } from "./requests.ts";
import { searchDocuments } from "./search-documents.ts";
import { searchHistory } from "./search-history.ts";
import { searchSystems } from "./search-systems.ts";
import { SqliteReader, SqliteStatements } from "./sqlite-reader.ts";
import { TermCounts } from "./term-counts.ts";

/** Shared with whoever asks: slot `id % length` holds the id of a request that nobody waits for any more. */
const { database, stopped } = workerData as { database: SearchedDatabase; stopped: Int32Array };
/** A file that another process writes to is busy for moments only. */
const busyTimeoutMs = 2_000;
/** Steps of `nice`. */
const behind = 5;

/** On Linux a thread has its own: where both want a core, the thread that takes webhooks goes first. */
if (process.platform === "linux") setPriority(Math.min(19, getPriority() + behind));

const stem = rememberingStemmer();
const counts = new TermCounts();
const withReader = "file" in database ? sqliteReaders(database.file) : postgresReaders(database.postgres);

parentPort?.on("message", (request: SearchRequest) => void answer(request));

async function answer(request: SearchRequest): Promise<void> {
  const statements: RanStatement[] = [];
  const run: SearchRun = {
    statements,
    check: () => {
      if (Date.now() >= request.deadline || Atomics.load(stopped, request.id % stopped.length) === request.id)
        throw new SearchStopped();
    },
  };
  let outcome: SearchAnswer["outcome"];
  try {
    outcome = await withReader(run, (reader) => searches[request.part](reader, request));
  } catch (error) {
    outcome = error instanceof SearchStopped ? { stopped: true } : { error: toMessage(error) };
  }
  parentPort?.postMessage({ id: request.id, statements, outcome } satisfies SearchAnswer, []);
}

const searches: Record<
  ContextPart,
  (reader: IndexReader, request: SearchRequest) => Promise<{ sources: Source[]; mentions: number }>
> = {
  ticket_history: async (reader, { ticket }) => ({
    sources: await searchHistory(reader, ticket, counts, stem),
    mentions: 0,
  }),
  documentation: async (reader, { ticket, rules }) => ({
    sources: await searchDocuments(reader, ticket, rules, counts, stem),
    mentions: 0,
  }),
  ip_lookup: (reader, { ticket }) => searchSystems(reader, ticket),
};

function toMessage(error: unknown) {
  if (!(error instanceof Error)) return { message: String(error), name: "_OTHER", code: undefined };
  return {
    message: error.message,
    name: error.name,
    code: "code" in error && typeof error.code === "string" ? error.code : undefined,
  };
}

type WithReader = <T>(run: SearchRun, work: (reader: IndexReader) => Promise<T>) => Promise<T>;

function sqliteReaders(file: string): WithReader {
  let statements: SqliteStatements | undefined;
  return (run, work) => {
    run.check();
    if (statements === undefined) {
      const sqlite = new DatabaseSync(file, { readOnly: true, timeout: busyTimeoutMs });
      sqlite.exec("pragma mmap_size = 268435456");
      statements = new SqliteStatements(sqlite);
    }
    return work(new SqliteReader(statements, run));
  };
}

function postgresReaders(url: string): WithReader {
  const connections = new PostgresConnections(url);
  return async (run, work) => {
    try {
      return await connections.use(run, work);
    } catch (error) {
      if (error instanceof SearchStopped) throw error;
      throw explainPostgresError(error, "PostgreSQL");
    }
  };
}
