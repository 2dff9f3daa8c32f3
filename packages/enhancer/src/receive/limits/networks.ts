import { BlockList, isIP } from "node:net";

/** A set of addresses and networks: `203.0.113.7`, `10.0.0.0/8`, `2001:db8::/32`. An IPv4 address is itself also when IPv6 carries it. */
export class Networks {
  private readonly list = new BlockList();
  readonly isEmpty: boolean;

  /** Throws RangeError naming an entry that is none. */
  constructor(entries: readonly string[]) {
    this.isEmpty = entries.length === 0;
    for (const entry of entries) this.add(entry);
  }

  has(address: string): boolean {
    if (this.isEmpty) return false;
    const plain = plainAddress(address);
    const version = isIP(plain);
    return version !== 0 && this.list.check(plain, version === 4 ? "ipv4" : "ipv6");
  }

  private add(entry: string): void {
    const [address = "", prefix, ...rest] = entry.trim().split("/");
    const version = isIP(address);
    const most = version === 4 ? 32 : 128;
    const bits = prefix === undefined ? most : /^\d{1,3}$/.test(prefix) ? Number(prefix) : -1;
    if (version === 0 || bits < 0 || bits > most || rest.length > 0)
      throw new RangeError(`"${entry}" is no address and no network such as 10.0.0.0/8`);
    this.list.addSubnet(address, bits, version === 4 ? "ipv4" : "ipv6");
  }
}

/** `::ffff:192.0.2.1` is what a socket for both versions calls 192.0.2.1; a zone is of this machine only. */
export function plainAddress(address: string): string {
  const [plain = ""] = address.split("%", 1);
  const carried = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(plain)?.[1];
  return carried ?? plain;
}
