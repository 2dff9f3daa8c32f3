import { isIPv4 } from "node:net";
import type { AddressInfo } from "node:net";

/**
 * Whether a request for this `Host` may be answered by the listener at `address`. A page of another site can reach a
 * loopback port through a name of its own (DNS rebinding), which its `Host` gives away; a listener that others can
 * reach anyway is known by names that only its operator knows. No browser leaves the header out. `publicHost`: of a proxy before it.
 */
export function mayServeHost(
  host: string | undefined,
  address: AddressInfo | string | null,
  publicHost?: string,
): boolean {
  if (host !== undefined && host.toLowerCase() === publicHost) return true;
  if (host === undefined || address === null || typeof address === "string") return true;
  if (!isLoopback(address.address)) return true;
  const name = host.toLowerCase().replace(/:\d{0,5}$/, "");
  return ["localhost", "127.0.0.1", "[::1]", address.address].includes(name);
}

function isLoopback(address: string): boolean {
  const plain = address.replace(/^::ffff:/, "");
  return plain === "::1" || (isIPv4(plain) && plain.startsWith("127."));
}

/** Whether a request comes from no page, or from one that was served under the same name, or under that of a proxy before us. */
export function isOfOwnPage(
  headers: {
    origin?: string | undefined;
    host?: string | undefined;
    "sec-fetch-site"?: string | undefined;
  },
  publicHost?: string,
): boolean {
  const { origin, host, "sec-fetch-site": site } = headers;
  // Told by every browser of today, and by no page.
  if (site !== undefined && site !== "same-origin" && site !== "none") return false;
  if (origin === undefined) return true;
  if (!URL.canParse(origin)) return false;
  const { host: own } = new URL(origin);
  return own === host || own === publicHost;
}
