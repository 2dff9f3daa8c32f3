import { ThroughlineError } from "@throughline/api";
import type { AdminPrincipal, AdminScope } from "@throughline/api/admin";
import type { Access, Principal } from "@throughline/traces";
import type { FastifyRequest } from "fastify";
import { createHash } from "node:crypto";
import { Guesses } from "./guesses.ts";
import { isPersonId, onBehalf, onBehalfHeader } from "./on-behalf.ts";

/** Wrong tokens that an address may send at once, and how many more with each second. */
const wrongAtMost = 100;
const forgivenPerSecond = 1;
const rememberedAtMost = 1_000;

/** What each scope opens beside itself. */
const includes: Readonly<Record<AdminScope, readonly string[]>> = {
  read: ["read", "write", "admin"],
  write: ["write", "admin"],
  admin: ["admin"],
};

/** Asks for a token, and makes guessing one slow: an address that sent many wrong ones waits. */
export class AdminDoor {
  private readonly access: Access;
  private readonly own: string;
  private readonly guesses: Guesses;
  /** Digests of tokens that were right: they are let in from an address that is made to wait. */
  private readonly right = new Set<string>();

  /** `ownToken`: the one that this process announces to whoever may read its data directory. */
  constructor(access: Access, ownToken: string) {
    this.access = access;
    this.own = digestOf(ownToken);
    this.guesses = new Guesses(wrongAtMost, forgivenPerSecond);
  }

  /** Throws TL_TOKEN_REQUIRED, TL_TOKEN_REFUSED, TL_TOKEN_THROTTLED, TL_TOKEN_SCOPE. */
  async admit(request: Pick<FastifyRequest, "headers" | "ip">, scope: AdminScope): Promise<AdminPrincipal> {
    const { authorization } = request.headers;
    if (authorization === undefined || authorization === "")
      throw new ThroughlineError("TL_TOKEN_REQUIRED", "The request carries no token.");
    const sender = await this.identify(authorization, request.ip);
    return admitted(onBehalf(sender, request.headers[onBehalfHeader]), scope);
  }

  private async identify(authorization: string, address: string): Promise<Principal> {
    const token = /^Bearer +(\S+)$/i.exec(authorization)?.[1] ?? "";
    const digest = digestOf(token);
    const isKnown = digest === this.own || this.right.has(digest);
    if (!isKnown && this.guesses.isOver(address)) {
      throw new ThroughlineError(
        "TL_TOKEN_THROTTLED",
        `This address sent ${wrongAtMost} wrong tokens: it may try again in a second.`,
      );
    }
    const principal = token === "" ? undefined : await this.access.authenticate(token);
    if (principal === undefined) {
      this.right.delete(digest);
      this.guesses.count(address);
      throw new ThroughlineError("TL_TOKEN_REFUSED", "The token is unknown, expired or revoked.");
    }
    if (this.right.size >= rememberedAtMost) this.right.clear();
    this.right.add(digest);
    return principal;
  }
}

/** Whom a principal is to an operation. Throws TL_TOKEN_SCOPE or TL_ROLE where it may not. */
export function admitted(
  { id, name, tenant, scopes }: Pick<Principal, "id" | "name" | "tenant" | "scopes">,
  scope: AdminScope,
): AdminPrincipal {
  if (!scopes.some((one) => includes[scope].includes(one))) {
    if (isPersonId(id)) throw new ThroughlineError("TL_ROLE", `The role of ${name} does not allow this.`);
    throw new ThroughlineError("TL_TOKEN_SCOPE", `The token "${name}" has not the scope ${scope}.`);
  }
  return { id, name, tenant };
}

function digestOf(token: string): string {
  return createHash("sha256").update(token).digest("base64");
}
