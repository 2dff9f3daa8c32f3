import { isIP } from "node:net";

/** One spelling per address: IPv6 lower case and shortened, an IPv4 address in IPv6's clothes as IPv4; undefined for what is none. */
export function normalAddress(text: string): string | undefined {
  const bare = text.trim().replace(/^\[(.*)\]$/, "$1");
  const version = isIP(bare);
  if (version === 4) return bare;
  if (version !== 6) return undefined;
  const address = new URL(`http://[${bare.replace(/%.*$/, "")}]`).hostname.slice(1, -1);
  const [, high = "", low = ""] = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(address) ?? [];
  if (high === "") return address;
  return dotted(BigInt(`0x${high.padStart(4, "0")}${low.padStart(4, "0")}`));
}

/** 32 hex digits that sort as addresses do, IPv4 in its place within IPv6. Takes what `normalAddress` gave. */
export function addressKey(address: string): string {
  return valueOf(address).toString(16).padStart(32, "0");
}

/** `10.1.2.3/16` as `10.1.0.0/16`; undefined for what is no network. */
export function normalNetwork(text: string): string | undefined {
  const [, base = "", length = ""] = /^(.+)\/(\d{1,3})$/.exec(text.trim()) ?? [];
  const address = normalAddress(base);
  if (address === undefined) return undefined;
  const isMapped = base.includes(":") && !address.includes(":");
  const bits = Number(length) - (isMapped ? 96 : 0);
  return bits < 0 || bits > widthOf(address) ? undefined : networkOf(address, bits);
}

/** Each network that holds the address, the smallest first. */
export function networksAround(address: string): string[] {
  const width = widthOf(address);
  return Array.from({ length: width + 1 }, (_, at) => networkOf(address, width - at));
}

/** The first and the last address of a network, as keys. */
export function keyRange(network: string): [first: string, last: string] {
  const [base = "", length = ""] = network.split("/");
  const first = valueOf(base);
  const size = 1n << BigInt(widthOf(base) - Number(length));
  return [first, first + size - 1n].map((value) => value.toString(16).padStart(32, "0")) as [string, string];
}

function widthOf(address: string): number {
  return address.includes(":") ? 128 : 32;
}

function valueOf(address: string): bigint {
  if (!address.includes(":"))
    return address.split(".").reduce((value, part) => (value << 8n) | BigInt(part), 0xffffn);
  const [head = "", tail] = address.split("::");
  const groups = (text: string) => (text === "" ? [] : text.split(":"));
  const [before, after] = [groups(head), groups(tail ?? "")];
  const zeros = Array.from({ length: tail === undefined ? 0 : 8 - before.length - after.length }, () => "0");
  return [...before, ...zeros, ...after].reduce((value, group) => (value << 16n) | BigInt(`0x${group}`), 0n);
}

function networkOf(address: string, bits: number): string {
  const spare = BigInt(widthOf(address) - bits);
  const base = (valueOf(address) >> spare) << spare;
  if (widthOf(address) === 32) return `${dotted(base & 0xffffffffn)}/${bits}`;
  const groups = base.toString(16).padStart(32, "0").match(/.{4}/g) ?? [];
  // Not by normalAddress(): ::ffff:0:0/96 is a network of IPv6.
  return `${new URL(`http://[${groups.join(":")}]`).hostname.slice(1, -1)}/${bits}`;
}

function dotted(value: bigint): string {
  return [24n, 16n, 8n, 0n].map((shift) => String((value >> shift) & 0xffn)).join(".");
}
