import { createHash, timingSafeEqual } from "node:crypto";
import type { Access, Principal } from "@throughline/traces";
import { TokenStore } from "./tokens.ts";

/** Tokens of `tokens.json`, and the one that this process announces to those who may read its data directory. */
export function accessOf(directory: string, ownToken: string): Access {
  const store = new TokenStore(directory);
  const own = digest(ownToken);
  return {
    authenticate: async (token) => {
      if (timingSafeEqual(digest(token), own)) return ownPrincipal;
      const found = await store.authenticate(token);
      if (found === undefined) return undefined;
      const { id, name, scopes, tenant, spansPerSecond, bytesPerSecond } = found;
      return {
        id,
        name,
        scopes,
        tenant: tenant ?? undefined,
        limits: { spansPerSecond: spansPerSecond ?? undefined, bytesPerSecond: bytesPerSecond ?? undefined },
      };
    },
  };
}

const ownPrincipal: Principal = {
  id: "",
  name: "this instance",
  scopes: ["admin"],
  tenant: undefined,
  limits: { spansPerSecond: undefined, bytesPerSecond: undefined },
};

function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
