import type { IncomingMessage } from "node:http";

/** A cookie's value; undefined where the request brings none of this name. */
export function cookieOf({ headers }: Pick<IncomingMessage, "headers">, name: string): string | undefined {
  const pairs = (headers.cookie ?? "").split(";").map((pair) => pair.trim());
  return pairs.find((pair) => pair.startsWith(`${name}=`))?.slice(name.length + 1);
}

/** `Set-Cookie` of one that scripts cannot read. `lastsMs` 0 takes it away. */
export function cookieText(cookie: {
  name: string;
  value: string;
  lastsMs: number;
  path: string;
  isSecure: boolean;
}): string {
  const { name, value, lastsMs, path, isSecure } = cookie;
  // Lax: whoever comes back from the identity provider, or from a link in a note, brings it.
  return `${name}=${value}; Path=${path}; Max-Age=${Math.floor(lastsMs / 1_000)}; HttpOnly; SameSite=Lax${isSecure ? "; Secure" : ""}`;
}
