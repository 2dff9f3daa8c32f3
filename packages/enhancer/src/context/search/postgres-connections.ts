import type { Pool, PoolClient } from "pg";
import { bigintParser } from "../../database/postgres-types.ts";
import { type IndexReader, type SearchRun, SearchStopped } from "./index-reader.ts";
import { type CommonTerms, PostgresReader, readCommonTerms } from "./postgres-reader.ts";
import { commonRows } from "./term-counts.ts";

const connectTimeoutMs = 5_000;
/** What the server itself ends, should nobody be there any more to do so. */
const statementTimeoutMs = 30_000;
/**
 * Many short look-ups in one statement add up to a cost at which PostgreSQL would compile them, which takes longer than they do; and it
 * cannot know how rare a term is that it meets in the statement's own rows.
 */
const settings = `set statement_timeout = ${statementTimeoutMs}; set jit = off; set enable_seqscan = off`;
const commonTermsKeptMs = 10 * 60_000;

/** A few connections of a search thread. */
export class PostgresConnections {
  private readonly url: string;
  private pool: Promise<Pool> | undefined;
  private common: { terms: Promise<CommonTerms>; readAt: number } | undefined;

  constructor(url: string) {
    this.url = url;
  }

  /** What is not done in time is left alone: its connection is closed, not given back. */
  async use<T>(run: SearchRun, work: (reader: IndexReader) => Promise<T>): Promise<T> {
    const pool = await (this.pool ??= this.open());
    const client = await pool.connect();
    let isReleased = false;
    const release = (broken: boolean) => {
      if (!isReleased) client.release(broken);
      isReleased = true;
    };
    let late: NodeJS.Timeout | undefined;
    const stopping = new Promise<never>((_resolve, reject) => {
      late = setInterval(() => {
        try {
          run.check();
        } catch (error) {
          reject(error instanceof Error ? error : new SearchStopped());
        }
      }, 100);
    });
    try {
      const common = await Promise.race([this.commonTerms(client), stopping]);
      const result = await Promise.race([work(new PostgresReader(client, run, common)), stopping]);
      release(false);
      return result;
    } catch (error) {
      // A statement may still be under way on it.
      release(true);
      throw error;
    } finally {
      clearInterval(late);
    }
  }

  private commonTerms(client: PoolClient): Promise<CommonTerms> {
    if (this.common === undefined || Date.now() - this.common.readAt > commonTermsKeptMs) {
      const terms = readCommonTerms(client, commonRows);
      this.common = { terms, readAt: Date.now() };
      terms.catch(() => (this.common = undefined));
    }
    return this.common.terms;
  }

  private async open(): Promise<Pool> {
    const { default: pg } = await import("pg");
    const pool = new pg.Pool({
      connectionString: this.url,
      max: 4,
      connectionTimeoutMillis: connectTimeoutMs,
      keepAlive: true,
      application_name: "throughline-search",
      types: { getTypeParser: bigintParser(pg.types.getTypeParser.bind(pg.types)) },
    });
    pool.on("error", () => {});
    pool.on("connect", (client) => {
      // Where it fails, the first search on the connection tells why.
      client.query(settings).catch(() => {});
    });
    return pool;
  }
}
