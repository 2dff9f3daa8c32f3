import { fold } from "../words/analyse.ts";
import { normalAddress, normalNetwork } from "./addresses.ts";

/** What a text may name of an inventory, in one spelling each, in order of appearance. */
export interface Mentions {
  addresses: string[];
  networks: string[];
  /** Lower case: host names, whole or their first label, and asset tags. */
  names: string[];
}

const atMost = 50;
const namesAtMost = 300;
const textLimit = 200_000;
/**
 * IPv4 (a label or an IPv4-mapped prefix may stand before, a port after), or what may be IPv6; `isIP` decides.
 * Times and version numbers look alike. A label such as `IPv6:` is told from a group by a letter beyond f.
 */
const addressForms =
  /(?:(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?!\w|\.\d)|(?:(?<![\w.:])|(?<=\b\w*[g-zG-Z]\w*:))[0-9a-fA-F]{0,4}(?::[0-9a-fA-F]{0,4}){2,7}(?![\w:]|\.\d))(?:\/\d{1,3}(?![\w.]))?/g;
/** A name with a digit, a hyphen, an underscore or a dot in it stands for itself: `srv-mail01`, `db2`, `mail.example.com`. */
const tellingNames = /(?<![\p{L}\p{N}_.-])(?=[\p{L}_]*[\p{N}._-])[\p{L}\p{N}_][\p{L}\p{N}_.-]*[\p{L}\p{N}]/gu;
/** `server mars`, `host: venus`, `asset 4711`: what any other word would need. */
const announced =
  /\b(?:host(?:name)?|server|machine|computer|pc|laptop|notebook|workstation|printer|drucker|rechner|node|vm|device|asset(?:[ -]?tag)?|tag|inventory|inventar(?:nummer|nr)?)\b[\s:#.=-]{1,4}(?:(?:no|nr|number|tag|name)\b[\s:#.=]{1,4})?["'«„“]?([\p{L}\p{N}][\p{L}\p{N}_.-]*)/giu;

export function mentionsIn(text: string): Mentions {
  const read = text.slice(0, textLimit);
  const addresses = new Set<string>();
  const networks = new Set<string>();
  for (const [candidate] of read.matchAll(addressForms)) {
    const network = candidate.includes("/") ? normalNetwork(candidate) : undefined;
    const address = normalAddress(candidate.replace(/\/.*$/, ""));
    if (network !== undefined) networks.add(network);
    // `10.1.0.0/16` names a network, `10.1.2.3/16` an address in one.
    if (address !== undefined && network?.startsWith(`${address}/`) !== true) addresses.add(address);
  }
  const names = new Set<string>();
  const folded = fold(read);
  for (const [, name = ""] of folded.matchAll(announced)) add(names, name);
  for (const [name] of folded.matchAll(tellingNames)) add(names, name);
  return {
    addresses: [...addresses].slice(0, atMost),
    networks: [...networks].slice(0, atMost),
    names: [...names].slice(0, namesAtMost),
  };
}

function add(names: Set<string>, name: string): void {
  const bare = name.replace(/[.\-_]+$/, "");
  if (bare.length >= 2 && bare.length <= 253 && !/^\d+(?:\.\d+)+$/.test(bare)) names.add(bare);
}

/** What a host is looked up by: its whole name and its first label, lower case. */
export function hostKeys(hostname: string): { host: string; short: string } {
  const host = fold(hostname).trim().replace(/\.$/, "");
  return { host, short: host.split(".")[0] ?? "" };
}

export function assetKey(tag: string): string {
  return fold(tag).trim();
}
