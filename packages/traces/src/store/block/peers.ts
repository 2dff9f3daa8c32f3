import { startOf } from "../head/entries.ts";
import type { HeadReader } from "../head/head-reader.ts";

/** What a span calls, or is called by, when nothing of the other side is stored: by its attributes, in this order of strength. */
const wanted = {
  peer: ["peer.service", "service.peer.name"],
  messaging: ["messaging.system"],
  destination: ["messaging.destination.name", "messaging.destination"],
  database: ["db.system.name", "db.system"],
  namespace: ["db.namespace", "db.name"],
  address: ["server.address", "net.peer.name", "network.peer.address", "net.peer.ip", "http.host"],
  port: ["server.port", "net.peer.port"],
  url: ["url.full", "http.url"],
} as const;
type Part = keyof typeof wanted;

const kindConsumer = 5;
/** Ports that say nothing more than the protocol does. */
const plainPorts = new Set(["80", "443"]);

/** Names of databases, queues and other peers that send no spans themselves. */
export class PeerNames {
  private readonly reader: HeadReader;
  /** By column: which part it is, and how strong its key among the part's. */
  private readonly columns: ({ part: Part; rank: number } | undefined)[];
  private readonly texts = new Map<number, string>();
  private readonly hasAny: boolean;

  constructor(reader: HeadReader) {
    this.reader = reader;
    const byKey = new Map<string, { part: Part; rank: number }>();
    for (const [part, keys] of Object.entries(wanted) as [Part, readonly string[]][])
      keys.forEach((key, rank) => byKey.set(key, { part, rank }));
    this.columns = Array.from({ length: reader.counts.columns }, (_, column) =>
      byKey.get(reader.key(column)),
    );
    this.hasAny = this.columns.some((column) => column !== undefined);
  }

  /** The peer of a client, producer or consumer; undefined where its attributes name none. `row`: of the head. */
  of(row: number, kind: number): string | undefined {
    if (!this.hasAny) return undefined;
    const { attrs, attrEnd, pairColumn } = this.reader.columns;
    const found: Partial<Record<Part, { rank: number; pair: number }>> = {};
    for (let at = startOf(attrEnd, row); at < (attrEnd[row] ?? 0); at++) {
      const pair = attrs[at] ?? 0;
      const column = this.columns[pairColumn[pair] ?? 0];
      if (column === undefined) continue;
      const known = found[column.part];
      if (known === undefined || column.rank < known.rank) found[column.part] = { rank: column.rank, pair };
    }
    const text = (part: Part): string | undefined => {
      const pair = found[part]?.pair;
      return pair === undefined ? undefined : this.text(pair) || undefined;
    };
    const messaging = text("messaging");
    const destination = text("destination");
    if (messaging !== undefined || destination !== undefined) {
      if (destination !== undefined) return `${messaging ?? "messaging"}:${destination}`;
      return kind === kindConsumer ? undefined : messaging;
    }
    if (kind === kindConsumer) return undefined;
    const peer = text("peer");
    if (peer !== undefined) return peer;
    const database = text("database");
    const address = text("address") ?? hostOf(text("url"));
    if (database !== undefined) {
      const where = address ?? text("namespace");
      return where === undefined ? database : `${database}:${where}`;
    }
    const port = text("port");
    if (address === undefined || port === undefined || plainPorts.has(port) || address.includes(":"))
      return address;
    return `${address}:${port}`;
  }

  private text(pair: number): string {
    let text = this.texts.get(pair);
    if (text === undefined) this.texts.set(pair, (text = this.reader.valueText(pair)));
    return text;
  }
}

function hostOf(url: string | undefined): string | undefined {
  if (url === undefined || !URL.canParse(url)) return undefined;
  return new URL(url).host || undefined;
}
