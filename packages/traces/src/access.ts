import { ThroughlineError } from "@throughline/api/errors";
import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import { type PeerCertificate, TLSSocket } from "node:tls";
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

/** Who knows the people that are logged in, beside the tokens. */
export interface Logins {
  /** undefined: nobody is. Throws ThroughlineError for a change that their own page did not ask for. */
  principalOf(request: IncomingMessage): Principal | undefined;
}

/**
 * `auto`: a token is required where others than this machine can connect; `token`: everywhere; `open`: nowhere. A token that is sent is
 * looked at everywhere.
 */
export type AccessMode = "auto" | "token" | "open";

/** A connection, or the certificate of one that was verified. */
export type Peer = Socket | PeerCertificate | undefined;

/** The door of one listener. */
export class Gate {
  private readonly access: Access;
  /** Whether who comes without a token is refused. */
  readonly isRequired: boolean;
  private readonly certificateScopes: readonly Scope[];
  /** A connection's certificate does not change. */
  private readonly certified = new WeakMap<object, Principal>();

  /** `certificateScopes`: what a client may that came with a certificate that was verified. */
  constructor(access: Access, isRequired: boolean, certificateScopes: readonly Scope[] = []) {
    this.access = access;
    this.isRequired = isRequired;
    this.certificateScopes = certificateScopes;
  }

  /**
   * `authorization`: the header's value; `peer`: the connection; `person`: who is logged in. Who it is: whom the token stands for, or else
   * the person, or else the certificate; `anybody` where none came and none is asked for. Throws ThroughlineError TL_TOKEN_REQUIRED,
   * TL_TOKEN_REFUSED, TL_TOKEN_SCOPE, TL_ROLE.
   */
  async admit(
    authorization: string | undefined,
    scope: Scope,
    peer?: Peer,
    person?: Principal,
  ): Promise<Principal> {
    const principal = person ?? (await this.identify(authorization, peer));
    if (principal === anybody) return principal;
    if (principal.scopes.includes(scope) || principal.scopes.includes("admin")) return principal;
    if (principal === person)
      throw new ThroughlineError("TL_ROLE", `The role of ${principal.name} does not allow this.`);
    throw new ThroughlineError("TL_TOKEN_SCOPE", `The token "${principal.name}" has not the scope ${scope}.`);
  }

  /** As `admit`, whatever the token allows. */
  async identify(authorization: string | undefined, peer?: Peer): Promise<Principal> {
    const certified = this.certifiedBy(peer);
    if (authorization === undefined || authorization === "") {
      if (certified !== undefined) return certified;
      if (this.isRequired) throw new ThroughlineError("TL_TOKEN_REQUIRED", "This address asks for a token.");
      return anybody;
    }
    const token = /^Bearer +(\S+)$/i.exec(authorization)?.[1];
    // What a proxy asks its own users for.
    if (token === undefined && certified !== undefined) return certified;
    if (token === undefined && !this.isRequired) return anybody;
    const principal = token === undefined ? undefined : await this.access.authenticate(token);
    if (principal === undefined)
      throw new ThroughlineError("TL_TOKEN_REFUSED", "The token is unknown, expired or revoked.");
    return principal;
  }

  /** Whether the connection's certificate is as good as a token. */
  knows(peer: Peer): boolean {
    return this.certifiedBy(peer) !== undefined;
  }

  private certifiedBy(peer: Peer): Principal | undefined {
    if (peer === undefined || this.certificateScopes.length === 0) return undefined;
    const known = this.certified.get(peer) ?? certifiedPrincipal(peer, this.certificateScopes);
    if (known !== undefined) this.certified.set(peer, known);
    return known;
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

const tenantUri = "urn:throughline:tenant:";

/**
 * Whom a client's certificate stands for; undefined where the connection has none that was verified. A certificate with the alternative
 * name `URI:urn:throughline:tenant:acme` is bound to that tenant. Throws ThroughlineError TL_TOKEN_REFUSED for one that says it wrongly.
 */
function certifiedPrincipal(peer: Socket | PeerCertificate, scopes: readonly Scope[]): Principal | undefined {
  const certificate = "fingerprint256" in peer ? peer : verifiedCertificate(peer);
  if (certificate === undefined) return undefined;
  const { subject, subjectaltname = "", fingerprint256 } = certificate;
  const names = subjectaltname.split(", ").filter((name) => name.includes(tenantUri));
  const [tenant, ...more] = names.map(
    (name) => /^URI:urn:throughline:tenant:([A-Za-z0-9][A-Za-z0-9._-]{0,63})$/.exec(name)?.[1],
  );
  if (names.length > 0 && (tenant === undefined || more.length > 0))
    throw new ThroughlineError(
      "TL_TOKEN_REFUSED",
      `The certificate must name one tenant, as ${tenantUri}NAME.`,
    );
  return { ...anybody, id: `certificate ${fingerprint256}`, name: String(subject.CN), scopes, tenant };
}

function verifiedCertificate(connection: Socket): PeerCertificate | undefined {
  return connection instanceof TLSSocket && connection.authorized
    ? connection.getPeerCertificate()
    : undefined;
}
