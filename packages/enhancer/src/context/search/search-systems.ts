import type { Match, Source } from "../../ticket.ts";
import { addressKey, keyRange, networksAround } from "../systems/addresses.ts";
import { type Mentions, mentionsIn } from "../systems/mentions.ts";
import type { IndexReader, SystemRow } from "./index-reader.ts";
import type { SearchedTicket } from "./requests.ts";

const wanted = 20;
const rowsRead = 200;
/** How sure a match is: the thing itself, its short name, the network around it, what lies in a network that was named. */
const certainty = { itself: 1, shortName: 0.8, networkAround: 0.5, within: 0.4 };

/** What the tenant's inventory says of the addresses, networks, hosts and assets that the ticket names. */
export async function searchSystems(
  reader: IndexReader,
  ticket: SearchedTicket,
): Promise<{ mentions: number; sources: Source[] }> {
  const mentions = mentionsIn(`${ticket.subject}\n${ticket.description}`);
  const count = mentions.addresses.length + mentions.networks.length + mentions.names.length;
  if (count === 0) return { mentions: 0, sources: [] };
  const shortNames = mentions.names
    .filter((name) => name.includes("."))
    .map((name) => name.split(".")[0] ?? "");
  const rows = await reader.systems(
    ticket.tenantId,
    {
      addressKeys: mentions.addresses.map(addressKey),
      networks: [
        ...new Set([...mentions.addresses.flatMap(networksAround), ...mentions.networks.flatMap(wider)]),
      ],
      ranges: mentions.networks.map(keyRange),
      names: [...new Set([...mentions.names, ...shortNames])],
    },
    rowsRead,
  );
  const distinct = new Map(rows.map((row) => [row.id, row]));
  const sources = [...distinct.values()].flatMap((row) => {
    const found = matchOf(row, mentions);
    return found === undefined ? [] : [toSource(row, found)];
  });
  sources.sort((a, b) => b.score - a.score || (a.id < b.id ? -1 : 1));
  return { mentions: count, sources: sources.slice(0, wanted) };
}

function wider(network: string): string[] {
  const [base = "", bits = ""] = network.split("/");
  return networksAround(base).filter((around) => Number(around.split("/")[1]) <= Number(bits));
}

interface Found {
  field: string;
  term: string;
  why: string;
  score: number;
}

function matchOf(row: SystemRow, { addresses, networks, names }: Mentions): Found | undefined {
  const address = addresses.find((one) => addressKey(one) === row.ip_key);
  if (address !== undefined)
    return { field: "ip", term: address, why: `address ${address} in the ticket`, score: certainty.itself };
  const named = nameMatch(row, names);
  if (named !== undefined) return named;
  if (row.cidr !== null) {
    const exact = networks.find((one) => one === row.cidr);
    if (exact !== undefined)
      return { field: "cidr", term: exact, why: `network ${exact} in the ticket`, score: certainty.itself };
    const inner =
      addresses.find((one) => networksAround(one).includes(row.cidr ?? "")) ??
      networks.find((one) => wider(one).includes(row.cidr ?? ""));
    // Of networks around an address the smallest says most.
    const bits = Number(row.cidr.split("/")[1]) / (row.cidr.includes(":") ? 128 : 32);
    if (inner !== undefined)
      return {
        field: "cidr",
        term: inner,
        why: `${inner} in the ticket lies in ${row.cidr}`,
        score: certainty.networkAround + bits / 10,
      };
  }
  const around = networks.find((one) => {
    const [first, last] = keyRange(one);
    return row.ip_key !== null && row.ip_key >= first && row.ip_key <= last;
  });
  return around === undefined
    ? undefined
    : { field: "ip", term: around, why: `lies in ${around} in the ticket`, score: certainty.within };
}

function nameMatch(row: SystemRow, names: readonly string[]): Found | undefined {
  const whole = names.find((name) => name === row.host_key);
  if (whole !== undefined)
    return { field: "hostname", term: whole, why: `host ${whole} in the ticket`, score: certainty.itself };
  const tag = names.find((name) => name === row.asset_key);
  if (tag !== undefined)
    return { field: "asset_tag", term: tag, why: `asset ${tag} in the ticket`, score: certainty.itself };
  // `mail01` is `mail01.corp.example`; `mail01.corp.example` is `mail01`, but not `mail01.other.example`.
  const isWhole = row.host_key.includes(".");
  const short = names.find((name) =>
    isWhole ? name === row.short_key : name.split(".")[0] === row.short_key,
  );
  return short === undefined || row.short_key === ""
    ? undefined
    : { field: "hostname", term: short, why: `host ${short} in the ticket`, score: certainty.shortName };
}

function toSource(row: SystemRow, { field, term, why, score }: Found): Source {
  const matches: Match[] = [{ term, fields: [field], score }];
  const known = [row.role, row.client, row.location].filter((part) => part !== "");
  const names = [row.hostname, row.ip ?? "", row.cidr ?? "", row.asset_tag].filter((part) => part !== "");
  return {
    kind: "system",
    id: row.id,
    title: names[0] ?? row.id,
    // What an inventory says of a system beyond its name may be nothing: then its other names are what is known.
    excerpt: (known.length > 0 ? known : names.slice(1)).join(", "),
    score,
    why,
    matches,
  };
}
