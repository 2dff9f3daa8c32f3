import { SocketAddress } from "node:net";

/** An address of 4 or 16 bytes as text, the shortest for IPv6 (RFC 5952); empty for other lengths. */
export function addressText(bytes: Uint8Array): string {
  if (bytes.length === 4) return bytes.join(".");
  if (bytes.length !== 16) return "";
  const hex = Buffer.from(bytes).toString("hex");
  const full = hex.match(/.{4}/g)?.join(":") ?? "";
  return new SocketAddress({ address: full, family: "ipv6" }).address;
}
