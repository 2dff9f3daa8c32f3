import { ThroughlineError } from "@throughline/api";
import type { Principal } from "@throughline/traces";
import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { BlockList, isIP } from "node:net";
import { personId } from "../runtime/on-behalf.ts";
import { cookieOf } from "./cookies.ts";
import { type Rights, rightsOf, type RoleRule, scopesOfRole } from "./roles.ts";
import type { Session, SessionStore } from "./sessions.ts";
import type { UserStore } from "./users.ts";

/** A proxy that logs people in and says in headers who they are. */
export interface TrustedHeader {
  /** In lower case. */
  name: string;
  groups: string;
  proxies: readonly string[];
}

/** Somebody who is logged in. */
export interface Person extends Rights {
  name: string;
  way: Session["way"] | "header";
  /** Undefined behind a proxy, whose own session it is. */
  session: Session | undefined;
  /** What their page must send back with everything that changes something. */
  csrfToken: string;
}

const safeMethods = new Set(["GET", "HEAD", "OPTIONS"]);
const groupsAtMost = 200;

/** Who asks, by the cookie of a session or by what a trusted proxy says. */
export class People {
  private readonly users: UserStore;
  private readonly sessions: SessionStore;
  private readonly rules: readonly RoleRule[];
  private readonly header: TrustedHeader | undefined;
  private readonly proxies = new BlockList();
  private readonly cookieName: string;
  private readonly csrfKey = randomBytes(32);

  constructor(options: {
    users: UserStore;
    sessions: SessionStore;
    rules: readonly RoleRule[];
    header: TrustedHeader | undefined;
    cookieName: string;
  }) {
    this.users = options.users;
    this.sessions = options.sessions;
    this.rules = options.rules;
    this.header = options.header;
    this.cookieName = options.cookieName;
    for (const entry of options.header?.proxies ?? []) {
      const [address = "", prefix] = entry.split("/");
      const version = isIP(address);
      const family = version === 6 ? "ipv6" : "ipv4";
      this.proxies.addSubnet(
        address,
        prefix === undefined ? (version === 6 ? 128 : 32) : Number(prefix),
        family,
      );
    }
  }

  /** undefined: nobody is logged in. Throws TL_LOGIN_NOT_ALLOWED for a proxy's user whom no rule lets in. */
  personOf(request: IncomingMessage): Person | undefined {
    return this.bySession(request) ?? this.byHeader(request);
  }

  /** What they may do. Throws TL_CSRF_TOKEN for a change that does not come from their own page. */
  principalOf(request: IncomingMessage): Principal | undefined {
    const person = this.personOf(request);
    if (person === undefined) return undefined;
    if (!safeMethods.has(request.method ?? "")) checkCsrf(request, person);
    return {
      id: personId(person.name),
      name: person.name,
      scopes: scopesOfRole[person.role],
      tenant: person.tenant ?? undefined,
      limits: { spansPerSecond: undefined, bytesPerSecond: undefined },
    };
  }

  private bySession(request: IncomingMessage): Person | undefined {
    const cookie = cookieOf(request, this.cookieName);
    const session = cookie === undefined ? undefined : this.sessions.find(cookie);
    if (cookie === undefined || session === undefined) return undefined;
    const { name, way } = session;
    const csrfToken = createHmac("sha256", cookie).update("csrf").digest("base64url");
    if (way === "oidc") return { name, way, role: session.role, tenant: session.tenant, session, csrfToken };
    const user = this.users.find(name);
    // Whoever was removed, or has a new password, is logged out; a new role counts at once.
    if (user === undefined || user.passwordSetAt > session.startedAt) return undefined;
    return { name: user.name, way, role: user.role, tenant: user.tenant, session, csrfToken };
  }

  private byHeader({ headers, socket }: IncomingMessage): Person | undefined {
    if (this.header === undefined) return undefined;
    const name = headers[this.header.name];
    if (typeof name !== "string" || name === "" || !this.isProxy(socket.remoteAddress ?? ""))
      return undefined;
    const said = headers[this.header.groups];
    const groups = (Array.isArray(said) ? said.join(",") : (said ?? "")).split(",", groupsAtMost);
    const rights = rightsOf(
      groups.map((group) => group.trim()),
      this.rules,
    );
    if (rights === undefined) throw notAllowed(name);
    const csrfToken = createHmac("sha256", this.csrfKey).update(name).digest("base64url");
    return { name, way: "header", ...rights, session: undefined, csrfToken };
  }

  private isProxy(address: string): boolean {
    const plain = address.replace(/^::ffff:(?=\d+\.)/i, "");
    return this.proxies.check(plain, isIP(plain) === 6 ? "ipv6" : "ipv4");
  }
}

/** A page of another site can make a browser send the cookie, but cannot know the token. Throws TL_CSRF_TOKEN. */
export function checkCsrf({ headers }: IncomingMessage, { csrfToken }: Person): void {
  const sent = Buffer.from(String(headers["x-csrf-token"] ?? ""));
  const expected = Buffer.from(csrfToken);
  if (sent.length !== expected.length || !timingSafeEqual(sent, expected))
    throw new ThroughlineError("TL_CSRF_TOKEN", "The request lacks the token of its session.");
}

export function notAllowed(name: string): ThroughlineError {
  return new ThroughlineError("TL_LOGIN_NOT_ALLOWED", `"${name}" is in no group that --login-roles lets in.`);
}
