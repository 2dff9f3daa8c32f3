/** The two texts that are searched; each has its table of rows and its index of terms. */
export type SearchedTable = "ticket_history" | "documents";

export interface HistoryRow {
  rowid: number;
  ticket_id: string;
  subject: string;
  description: string;
  resolution: string;
  resolved_at: number | null;
  /** JSON array of strings. */
  tags: string;
}

export interface DocumentRow {
  rowid: number;
  path: string;
  anchor: string;
  title: string;
  body: string;
  /** JSON array of strings. */
  labels: string;
}

export interface SystemRow {
  id: string;
  ip: string | null;
  cidr: string | null;
  hostname: string;
  asset_tag: string;
  role: string;
  client: string;
  location: string;
  host_key: string;
  short_key: string;
  asset_key: string;
  ip_key: string | null;
}

/** What is read of a row, the same in both databases. */
export const historyColumns = "rowid, ticket_id, subject, description, resolution, resolved_at, tags";
export const documentColumns = "rowid, path, anchor, title, body, labels";
export const systemColumns =
  "id, ip, cidr, hostname, asset_tag, role, client, location, host_key, short_key, asset_key, ip_key";

/** What systems are looked up by; each list may be empty. */
export interface SystemKeys {
  addressKeys: readonly string[];
  networks: readonly string[];
  /** First and last address of networks that stand in the text: what lies in them. */
  ranges: readonly (readonly [string, string])[];
  names: readonly string[];
}

/** How a search asks a database; one implementation each. Terms carry their tenant's prefix. Each call ends early with the limit. */
export interface IndexReader {
  /** In how many rows each term stands: exact below `most`, from there on at least that many; terms that stand nowhere are left out. */
  count(table: SearchedTable, terms: readonly string[], most: number): Promise<Map<string, number>>;
  /** How many rows the tenant has, told apart up to `most`. */
  countRows(table: SearchedTable, tenantId: string, most: number): Promise<number>;
  /** The rows of each term, the newest `most` of them. */
  rowsOf(table: SearchedTable, terms: readonly string[], most: number): Promise<Map<string, number[]>>;
  /** Words of the tenant that hold one of the parts. */
  wordsWith(tenantId: string, parts: readonly string[], most: number): Promise<string[]>;
  history(tenantId: string, rowids: readonly number[], butNot: string): Promise<HistoryRow[]>;
  documents(tenantId: string, rowids: readonly number[]): Promise<DocumentRow[]>;
  systems(tenantId: string, keys: SystemKeys, most: number): Promise<SystemRow[]>;
}

/** A statement that ran, for its span; never a parameter. */
export interface RanStatement {
  collection: string;
  text: string;
  /** Milliseconds since the epoch. */
  startMs: number;
  endMs: number;
  rows: number;
  error?: string;
}

/** When a search has to stop, and what it did. One for each search. */
export interface SearchRun {
  /** Throws SearchStopped once the deadline is past or nobody waits any more. */
  check(): void;
  statements: RanStatement[];
}

/** Returns how to say what came of it. */
export function startStatement(
  run: SearchRun,
  collection: string,
  text: string,
): (outcome: { rows: number; error?: string }) => void {
  const now = () => performance.timeOrigin + performance.now();
  const startMs = now();
  return (outcome) => void run.statements.push({ collection, text, startMs, endMs: now(), ...outcome });
}

export class SearchStopped extends Error {
  override readonly name = "SearchStopped";
}
