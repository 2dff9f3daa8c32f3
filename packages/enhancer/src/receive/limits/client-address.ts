import { isIP } from "node:net";
import { type Networks, plainAddress } from "./networks.ts";

/**
 * Who sent a request: the socket's other end, or, where that is a proxy of ours, the nearest address of `X-Forwarded-For` that is none.
 * Whatever stands further left is the sender's own claim and counts for nothing.
 */
export function clientAddress(peer: string, forwardedFor: string | undefined, proxies: Networks): string {
  let address = plainAddress(peer);
  if (forwardedFor === undefined || !proxies.has(address)) return address;
  const hops = forwardedFor.split(",");
  for (let at = hops.length - 1; at >= 0; at--) {
    const hop = withoutPort(hops[at]?.trim() ?? "");
    // A proxy that we trust wrote nonsense: nothing beyond it is known.
    if (isIP(hop) === 0) return address;
    address = hop;
    if (!proxies.has(address)) return address;
  }
  return address;
}

/** Proxies write `192.0.2.1`, `192.0.2.1:4711`, `2001:db8::1` or `[2001:db8::1]:4711`. */
function withoutPort(hop: string): string {
  const bracketed = /^\[([^\]]*)\](?::\d+)?$/.exec(hop)?.[1];
  return plainAddress(bracketed ?? (/^[\d.]+:\d+$/.test(hop) ? hop.slice(0, hop.indexOf(":")) : hop));
}
