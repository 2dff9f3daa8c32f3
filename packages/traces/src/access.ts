import { ThroughlineError } from "@throughline/api/errors";
import type { Origin } from "./sink.ts";

/** What a token allows: to send spans, to read them, to archive, everything. */
export type Scope = "ingest" | "read" | "write" | "admin";

/** Whom a token stands for. */
export interface Principal {
  id: string;
  name: string;
  scopes: readonly Scope[];
  /** Whose spans it sends and sees; undefined: of all. */
  tenant: string | undefined;
  limits: IngestLimits;
}

/** How much a sender may send; undefined: as much as there is room for. */
interface IngestLimits {
  spansPerSecond: number | undefined;
  /** Of bodies after inflating. */
  bytesPerSecond: number | undefined;
}

/** Who comes without a token to where none is asked for: bound to nothing, but no more than that. */
export const anybody: Principal = {
  id: "",
  name: "anybody",
  scopes: [],
  tenant: undefined,
  limits: { spansPerSecond: undefined, bytesPerSecond: undefined },
};

/** Whose the spans are that somebody sends. Who administers may bring stored ones back, as they were. */
export function originOf({ tenant, scopes }: Principal): Origin {
  return tenant === undefined && scopes.includes("admin") ? "kept" : { tenant };
}

/** Who knows the tokens. */
export interface Access {
  /** undefined for a token that is unknown, expired or revoked. */
  authenticate(token: string): Promise<Principal | undefined>;
}

/**
 * `auto`: a token is required where others than this machine can connect; `token`: everywhere; `open`: nowhere. A token that is sent is
 * looked at everywhere.
 */
export type AccessMode = "auto" | "token" | "open";

/** The door of one listener. */
export class Gate {
  private readonly access: Access;
  private readonly isRequired: boolean;

  constructor(access: Access, isRequired: boolean) {
    this.access = access;
    this.isRequired = isRequired;
  }

  /**
   * `authorization`: the header's value. Who it is: `anybody` where none is asked for and no token was sent. Throws ThroughlineError
   * TL_TOKEN_REQUIRED, TL_TOKEN_REFUSED, TL_TOKEN_SCOPE.
   */
  async admit(authorization: string | undefined, scope: Scope): Promise<Principal> {
    const principal = await this.identify(authorization);
    if (principal === anybody) return principal;
    if (principal.scopes.includes(scope) || principal.scopes.includes("admin")) return principal;
    throw new ThroughlineError("TL_TOKEN_SCOPE", `The token "${principal.name}" has not the scope ${scope}.`);
  }

  /** As `admit`, whatever the token allows. */
  async identify(authorization: string | undefined): Promise<Principal> {
    if (authorization === undefined || authorization === "") {
      if (this.isRequired) throw new ThroughlineError("TL_TOKEN_REQUIRED", "This address asks for a token.");
      return anybody;
    }
    const token = /^Bearer +(\S+)$/i.exec(authorization)?.[1];
    // What a proxy asks its own users for.
    if (token === undefined && !this.isRequired) return anybody;
    const principal = token === undefined ? undefined : await this.access.authenticate(token);
    if (principal === undefined)
      throw new ThroughlineError("TL_TOKEN_REFUSED", "The token is unknown, expired or revoked.");
    return principal;
  }
}

/** Lets everybody in; for tests, and for listeners that ask nobody. */
export const openGate = new Gate({ authenticate: () => Promise.resolve(undefined) }, false);

/** Whether a listener on `host` asks for a token. */
export function asksForToken(mode: AccessMode, host: string): boolean {
  return mode === "token" || (mode === "auto" && !isLoopbackHost(host));
}

export function isLoopbackHost(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127(?:\.\d{1,3}){3}$/.test(host);
}
