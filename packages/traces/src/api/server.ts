import type { EraseReport, EraseRequest, SystemStatus } from "@throughline/api";
import { ThroughlineError, toProblem } from "@throughline/api/errors";
import { withoutSchemaCompilers } from "@throughline/api/http";
import type { HttpObserver } from "@throughline/api/metrics";
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from "fastify";
import type { IncomingMessage } from "node:http";
import type { Logger } from "pino";
import { anybody, type Gate, type Logins, type Principal } from "../access.ts";
import type { SpanRecord } from "../model.ts";
import type { RemovedSpans, SpanReader } from "../query/reader.ts";
import { newHttpServer, type Tls } from "../tls.ts";
import { type AdminHandler, answerByAdmin, isAdminPath } from "./admin-path.ts";
import { serveConsole } from "./console.ts";
import { answerError, isApiPath, knownError } from "./errors.ts";
import { isOfOwnPage, mayServeHost } from "../host-guard.ts";
import { type JaegerUi, JaegerUiPage } from "./jaeger-ui.ts";
import { legacyChangeRoutes } from "./jaeger/legacy-changes.ts";
import { legacyMetricsRoutes } from "./jaeger/legacy-metrics.ts";
import { legacyRoutes } from "./jaeger/legacy-routes.ts";
import { v3Routes } from "./jaeger/v3-routes.ts";
import { TenantViews } from "./tenant-views.ts";
import { SpanBudget } from "./span-budget.ts";
import { erasePath, eraseRoute } from "./throughline/erase.ts";
import { exemplarRoute } from "./throughline/exemplar-route.ts";
import { setRoutes } from "./throughline/set-routes.ts";
import { statisticsRoutes } from "./throughline/statistics-routes.ts";
import { systemRoute } from "./throughline/system.ts";
import { throughlineRoutes } from "./throughline/routes.ts";

export interface ReadServerDependencies {
  gate: Gate;
  logins?: Logins | undefined;
  reader: SpanReader;
  /** What a tenant may see. */
  readerOf: (tenant: string) => SpanReader;
  /** Keeps a trace beyond retention. */
  pin: (traceId: string, by: Principal) => Promise<void>;
  /** Deletes every trace that has all that is named. */
  erase: (what: EraseRequest, by: Principal) => Promise<EraseReport>;
  /** Spans of OTLP JSON, for those who upload it. Throws ThroughlineError TL_BODY_UNREADABLE. */
  decodeJson: (bytes: Uint8Array) => SpanRecord[];
  /** What retention deleted last. */
  removed?: () => RemovedSpans | null;
  /** Folder of the built console; it need not exist yet. */
  consoleAssets: string;
  /** Pages of others: below `/feedback/`, which ask for a right of their own in place of a token, and below `/auth/`, where people log in. */
  pages?: ((server: FastifyInstance) => void) | undefined;
  /** How all parts are. */
  system: () => Promise<SystemStatus>;
  /** Where people reach the console, through a proxy that may call it otherwise. */
  publicUrl?: string | undefined;
  /** Below `/admin/api/`; undefined: nobody. */
  adminApi?: AdminHandler | undefined;
  /** In place of the console. */
  jaegerUi?: JaegerUi | undefined;
  tls?: Tls | undefined;
  /** Hears of each answer. */
  observe?: HttpObserver | undefined;
  logger: Logger;
  /** Spans that answers hold at once, until their clients have read them. */
  spansAtMost?: number;
  /** Milliseconds since the epoch; the system's clock unless given. */
  nowMs?: () => number;
}

/** The console is files of its own origin: nothing inline, neither scripts nor styles. */
const securityHeaders = {
  "content-security-policy":
    "default-src 'self'; style-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
  "x-content-type-options": "nosniff",
  // Not `no-referrer`: with it a browser says `Origin: null` of the form by which somebody logs in.
  "referrer-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
};

/**
 * Everything that reads traces over HTTP: both of Jaeger's APIs, Throughline's own and the console. Not listening yet.
 * All that is changed from here is that a trace is archived and that a ticket's traces are erased. A token that is bound to a tenant is answered by routes of that tenant's own,
 * which have nothing but its reader: no route can answer with more.
 */
export function createReadServer(deps: ReadServerDependencies): FastifyInstance {
  const server = newServer(deps.logger, deps.tls);
  const publicHost = publicHostOf(deps);
  const askers = new WeakMap<IncomingMessage, Principal>();
  const by = (request: FastifyRequest): Principal => askers.get(request.raw) ?? anybody;
  const views = new TenantViews((tenant) => {
    const view = newServer(deps.logger);
    // It was admitted before it came here, and the hosts are the listener's to know. What retention deleted was others' too.
    const erase = (what: EraseRequest, who: Principal) => deps.erase({ ...what, tenant }, who);
    const own = { reader: deps.readerOf(tenant), erase, removed: () => null, system: undefined };
    mount(view, { ...deps, ...own }, by);
    return view;
  });
  server.addHook("onRequest", async (request, reply) => {
    reply.headers(securityHeaders);
    if (!mayServeHost(request.headers.host, server.server.address(), publicHost)) throw hostRefused();
    const path = (request.raw.url ?? "").split("?", 1)[0] ?? "";
    const { authorization } = request.headers;
    const { socket } = request.raw;
    // A script's token counts, whatever cookie stands beside it.
    const personOf = () => (authorization === undefined ? deps.logins?.principalOf(request.raw) : undefined);
    if (isAdminPath(path)) {
      const identify = async () => personOf() ?? (await deps.gate.identify(authorization, socket));
      answerByAdmin(deps.adminApi, request, reply, { identify, publicHost });
      return;
    }
    // The page itself says nothing of anybody's traces.
    if (!isApiPath(path)) {
      if (isPageRequest(request, path) && mustLogIn(deps, request))
        return reply.redirect(`/auth/login?next=${encodeURIComponent(request.raw.url ?? "/")}`, 303);
      return;
    }
    const changes = path.startsWith("/api/archive/") || path === erasePath;
    const scope = changes ? "write" : "read";
    const asker = await deps.gate.admit(authorization, scope, socket, personOf());
    if (changes) askers.set(request.raw, asker);
    const { tenant } = asker;
    if (tenant === undefined) return;
    reply.hijack();
    (await views.of(tenant)).routing(request.raw, reply.raw);
  });
  server.addHook("onResponse", (request, reply, done) => {
    deps.observe?.({
      method: request.method,
      route: request.routeOptions.url,
      status: reply.statusCode,
      seconds: reply.elapsedTime / 1_000,
    });
    done();
  });
  server.addHook("onClose", () => views.close());
  mount(server, deps, by);
  return server;
}

function newServer(logger: Logger, tls?: Tls): FastifyInstance {
  const answer = (thrown: unknown, request: FastifyRequest, reply: FastifyReply) => {
    const error = knownError(thrown);
    const { status } = toProblem(error);
    // A client that has gone is told nothing, and its question was ended for it.
    if (status >= 500 && !request.raw.socket.destroyed)
      logger.error({ err: thrown, code: error.code }, "a read request failed");
    return answerError(error, request, reply.headers(securityHeaders));
  };
  const server = Fastify({
    schemaController: withoutSchemaCompilers,
    bodyLimit: 1024,
    serverFactory: (listener) => newHttpServer({ requestTimeout: 30_000 }, tls, listener),
    forceCloseConnections: true,
    // As long as a request line may be: services have long names.
    routerOptions: { maxParamLength: 16 * 1024 },
    // A path that is not percent-encoded UTF-8 comes to no route.
    frameworkErrors: answer,
  });
  server.setErrorHandler(answer);
  server.setNotFoundHandler((request, reply) =>
    answer(new ThroughlineError("TL_NOT_FOUND", "Nothing is served at this path."), request, reply),
  );
  return server;
}

function mount(
  server: FastifyInstance,
  deps: Omit<ReadServerDependencies, "system"> & { system: ReadServerDependencies["system"] | undefined },
  by: (request: FastifyRequest) => Principal,
): void {
  const { reader, removed = () => null } = deps;
  const publicHost = publicHostOf(deps);
  server.addHook("onRequest", async (request, reply) => {
    reply.headers(securityHeaders);
    if (request.method === "GET" || request.method === "HEAD") return;
    // Before anything of a body is read.
    if (request.is404)
      throw new ThroughlineError("TL_NOT_FOUND", `${request.method} is not served at this path.`);
    // A page of another site may send a form, or a request without reading its answer.
    // Who holds a signed link needs no cookie or token that another page could misuse, and proxies rename the host.
    if (request.raw.url?.startsWith("/feedback/") !== true && !isOfOwnPage(request.headers, publicHost))
      throw foreignPage();
  });
  server.removeAllContentTypeParsers();
  server.addContentTypeParser("*", { parseAs: "buffer" }, (_request, body, done) => done(null, body));
  legacyChangeRoutes(server, {
    reader,
    pin: (traceId, request) => deps.pin(traceId, by(request)),
    decodeJson: deps.decodeJson,
    nowMs: deps.nowMs ?? Date.now,
  });
  legacyMetricsRoutes(server, reader, deps.nowMs ?? Date.now);
  const budget = new SpanBudget(deps.spansAtMost);
  legacyRoutes(server, reader, removed, deps.nowMs ?? Date.now, budget);
  v3Routes(server, reader, removed, budget);
  throughlineRoutes(server, reader, removed, budget);
  setRoutes(server, reader);
  statisticsRoutes(server, reader, removed, deps.nowMs ?? Date.now);
  exemplarRoute(server, reader);
  systemRoute(server, deps.system);
  eraseRoute(server, (what, request) => deps.erase(what, by(request)));
  deps.pages?.(server);
  const { jaegerUi } = deps;
  if (jaegerUi === undefined) serveConsole(server, deps.consoleAssets);
  else serveConsole(server, jaegerUi.assets, new JaegerUiPage(jaegerUi, deps.nowMs ?? Date.now));
}

/** Whether a person's browser comes for the console's page; probes and scripts do not say that they want HTML. */
function isPageRequest({ method, headers }: FastifyRequest, path: string): boolean {
  return (
    method === "GET" && headers.accept?.includes("text/html") === true && !/^\/(auth|feedback)\//.test(path)
  );
}

function mustLogIn({ gate, logins }: ReadServerDependencies, { headers, raw }: FastifyRequest): boolean {
  if (!gate.isRequired || logins === undefined || headers.authorization !== undefined) return false;
  return !gate.knows(raw.socket) && logins.principalOf(raw) === undefined;
}

function publicHostOf({ publicUrl }: Pick<ReadServerDependencies, "publicUrl">): string | undefined {
  return publicUrl === undefined ? undefined : new URL(publicUrl).host;
}

function foreignPage(): ThroughlineError {
  return new ThroughlineError("TL_HOST_REFUSED", "A page of another origin may change nothing here.");
}

function hostRefused(): ThroughlineError {
  return new ThroughlineError("TL_HOST_REFUSED", "This address is served under loopback names only.");
}
