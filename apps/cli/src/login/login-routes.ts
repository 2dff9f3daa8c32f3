import { ThroughlineError } from "@throughline/api";
import { errorTable } from "@throughline/api/errors";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { Logger } from "pino";
import { Guesses } from "../runtime/guesses.ts";
import { cookieOf, cookieText } from "./cookies.ts";
import { type LoginPage, loginPage, loginStyles } from "./login-page.ts";
import { type Oidc, startedForMs } from "./oidc.ts";
import { checkCsrf, notAllowed, type People, type Person } from "./people.ts";
import { rightsOf, type RoleRule } from "./roles.ts";
import type { Session, SessionStore } from "./sessions.ts";
import type { UserStore } from "./users.ts";

export interface LoginRouteDependencies {
  people: People;
  users: UserStore;
  sessions: SessionStore;
  oidc: Oidc | undefined;
  rules: readonly RoleRule[];
  sessionMs: number;
  /** Whether the console's address asks who somebody is. */
  isRequired: boolean;
  /** Whether the browser speaks TLS, with us or with a proxy before us. */
  isSecure: boolean;
  cookieName: string;
  /** Into the audit log. */
  record: (actor: string, action: string, detail: Record<string, string>) => Promise<void>;
  logger: Logger;
}

const bodyLimit = 16 * 1024;
/** Wrong passwords at once, of an address or for a name; then one more every ten seconds. */
const wrongAtOnce = 10;
const forgivenPerSecond = 0.1;
const oidcCookie = "throughline_login";

/** Below `/auth/`: logging in and out, who one is, which sessions go on. Nothing here asks for a token. */
export function loginRoutes(server: FastifyInstance, deps: LoginRouteDependencies): void {
  const { people, users, sessions, oidc, rules, isRequired, isSecure, cookieName, logger } = deps;
  const sessionCookie = (value: string, lastsMs: number) =>
    cookieText({ name: cookieName, value, lastsMs, path: "/", isSecure });
  const guesses = new Guesses(wrongAtOnce, forgivenPerSecond);
  const page = (reply: FastifyReply, status: number, shown: Pick<LoginPage, "next" | "name" | "error">) =>
    reply
      .code(status)
      .header("cache-control", "no-store")
      .type("text/html; charset=utf-8")
      .send(loginPage({ ...shown, password: !users.isEmpty(), oidc: oidc !== undefined }));

  const begin = async (
    request: FastifyRequest,
    reply: FastifyReply,
    who: Pick<Session, "way" | "name" | "role" | "tenant">,
    next: string,
  ) => {
    const { cookie, id } = sessions.start(
      { ...who, address: request.ip, userAgent: request.headers["user-agent"] ?? "" },
      deps.sessionMs,
    );
    await deps.record(who.name, "user.login", {
      way: who.way,
      role: who.role,
      session: id,
      address: request.ip,
    });
    logger.info({ user: who.name, way: who.way, session: id }, "somebody logged in");
    // The session of an earlier login would go on for nothing.
    const earlier = sessions.find(cookieOf(request.raw, cookieName) ?? "")?.id;
    sessions.end((session) => session.id === earlier);
    return reply.header("set-cookie", sessionCookie(cookie, deps.sessionMs)).redirect(next, 303);
  };

  server.get("/auth/login.css", (_request, reply) => reply.type("text/css; charset=utf-8").send(loginStyles));

  server.get<{ Querystring: { next?: unknown } }>("/auth/login", (request, reply) =>
    page(reply, 200, { next: pathOf(request.query.next) }),
  );

  server.post("/auth/login", { bodyLimit }, async (request, reply) => {
    const form = new URLSearchParams(Buffer.isBuffer(request.body) ? request.body.toString("utf8") : "");
    const [name = "", password = ""] = [form.get("name")?.trim(), form.get("password") ?? undefined];
    const next = pathOf(form.get("next"));
    const keys = [`address ${request.ip}`, `name ${name.toLowerCase()}`];
    try {
      guesses.check(...keys);
    } catch (error) {
      const { message } = error as ThroughlineError;
      return page(reply, errorTable.TL_LOGIN_THROTTLED.status, { next, name, error: message });
    }
    // Counted before it is known: many at once are many guesses.
    guesses.count(...keys);
    const user = await users.authenticate(name, password);
    if (user === undefined) {
      logger.warn({ user: name.slice(0, 64), remote: request.ip }, "a login was refused");
      return page(reply, 401, { next, name, error: "The name or the password is wrong." });
    }
    for (const key of keys) guesses.forget(key);
    return begin(
      request,
      reply,
      { way: "password", name: user.name, role: user.role, tenant: user.tenant },
      next,
    );
  });

  server.post("/auth/logout", { bodyLimit }, async (request, reply) => {
    const person = people.personOf(request.raw);
    if (person?.session !== undefined) {
      checkCsrf(request.raw, person);
      const { id } = person.session;
      sessions.end((session) => session.id === id);
      await deps.record(person.name, "user.logout", { session: id });
    }
    return reply.header("set-cookie", sessionCookie("", 0)).code(204).send();
  });

  server.get("/auth/me", (request, reply) => {
    const person = people.personOf(request.raw);
    return reply.header("cache-control", "no-store").send({
      required: isRequired,
      user: person === undefined ? null : shownPerson(person),
      csrfToken: person?.csrfToken ?? null,
    });
  });

  server.get("/auth/sessions", (request, reply) => {
    const person = required(people.personOf(request.raw));
    const seen = sessions.list().filter((session) => mayEnd(person, session));
    return reply.header("cache-control", "no-store").send({
      sessions: seen.map((session) => ({ ...session, current: session.id === person.session?.id })),
    });
  });

  server.delete<{ Params: { id: string } }>("/auth/sessions/:id", async (request, reply) => {
    const person = required(people.personOf(request.raw));
    checkCsrf(request.raw, person);
    const { id } = request.params;
    if (sessions.end((session) => session.id === id && mayEnd(person, session)) === 0)
      throw new ThroughlineError("TL_SESSION_UNKNOWN", `There is no session ${id}.`);
    await deps.record(person.name, "session.end", { session: id });
    return reply.code(204).send();
  });

  if (oidc === undefined) return;
  const refused = (request: FastifyRequest, reply: FastifyReply, error: unknown, next: string) => {
    if (!(error instanceof ThroughlineError)) throw error;
    logger.warn({ err: error, code: error.code, remote: request.ip }, "a login was refused");
    return page(reply, errorTable[error.code].status ?? 500, { next, error: error.message });
  };
  server.get<{ Querystring: { next?: unknown } }>("/auth/oidc", async (request, reply) => {
    const next = pathOf(request.query.next);
    try {
      const { url, cookie: value } = await oidc.start(next);
      const cookie = { name: oidcCookie, value, lastsMs: startedForMs, path: "/auth/oidc", isSecure };
      return await reply
        .header("set-cookie", cookieText(cookie))
        .header("cache-control", "no-store")
        .redirect(url, 303);
    } catch (error) {
      return refused(request, reply, error, next);
    }
  });

  server.get("/auth/oidc/callback", async (request, reply) => {
    try {
      const query = /\?.*$/s.exec(request.raw.url ?? "")?.[0] ?? "";
      const { name, groups, next } = await oidc.finish(query, cookieOf(request.raw, oidcCookie));
      const rights = rightsOf(groups, rules);
      if (rights === undefined) throw notAllowed(name);
      return await begin(request, reply, { way: "oidc", name, ...rights }, next);
    } catch (error) {
      return refused(request, reply, error, "/");
    }
  });
}

function shownPerson({ name, role, tenant, way, session }: Person) {
  return { name, role, tenant, way, endsAt: session?.endsAt ?? null };
}

function required(person: Person | undefined): Person {
  if (person === undefined) throw new ThroughlineError("TL_TOKEN_REQUIRED", "Nobody is logged in.");
  return person;
}

/** Their own; an administrator of everything ends everybody's, one of a tenant those of the tenant. */
function mayEnd({ name, role, tenant, way }: Person, session: Session): boolean {
  if (session.name === name && session.way === way) return true;
  return role === "admin" && (tenant === null || tenant === session.tenant);
}

/** A path of this origin: a link to the login page must not lead elsewhere afterwards. */
function pathOf(next: unknown): string {
  return typeof next === "string" && /^\/(?![/\\])[^\r\n\t]*$/.test(next) && next.length <= 8_192
    ? next
    : "/";
}
