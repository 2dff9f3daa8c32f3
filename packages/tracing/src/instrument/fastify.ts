import {
  context,
  propagation,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
  type Tracer,
} from "@opentelemetry/api";
import { recordFailure } from "../messaging.ts";

/** What is used of Fastify 5; declared here so that the library does not depend on it. */
interface Request {
  method: string;
  url: string;
  protocol: string;
  ip: string;
  hostname: string;
  headers: Readonly<Record<string, string | string[] | undefined>>;
  routeOptions: { url?: string | undefined };
  raw: { httpVersion: string };
}

interface Reply {
  statusCode: number;
}

type Done = (error?: Error) => void;

interface Instance {
  addHook(name: "onRequest", hook: (request: Request, reply: Reply, done: Done) => void): unknown;
  addHook(name: "onError", hook: (request: Request, reply: Reply, error: Error, done: Done) => void): unknown;
  addHook(name: "onResponse", hook: (request: Request, reply: Reply, done: Done) => void): unknown;
  addHook(name: "onRequestAbort", hook: (request: Request, done: Done) => void): unknown;
}

export interface FastifyTracingOptions {
  tracer: Tracer;
  /** Routes without spans: `/healthz`. */
  ignore?: readonly string[];
}

const methods = new Set([
  "GET",
  "HEAD",
  "POST",
  "PUT",
  "DELETE",
  "CONNECT",
  "OPTIONS",
  "TRACE",
  "PATCH",
  "QUERY",
]);

/**
 * A SERVER span for each request by the stable HTTP conventions, active in hooks and handlers, the child of what the headers name.
 * (`@fastify/otel` is made for the SDK before this one; patching modules asks for loader hooks.) Call it before routes are added.
 */
export function fastifyTracing(server: Instance, { tracer, ignore = [] }: FastifyTracingOptions): void {
  const spans = new WeakMap<Request, Span>();
  server.addHook("onRequest", (request, _reply, done) => {
    const route = request.routeOptions.url;
    if (route !== undefined && ignore.includes(route)) {
      done();
      return;
    }
    const parent = propagation.extract(context.active(), request.headers);
    const name = methods.has(request.method) ? request.method : "HTTP";
    const options = { kind: SpanKind.SERVER, attributes: attributesOf(request) };
    const span = tracer.startSpan(route === undefined ? name : `${name} ${route}`, options, parent);
    spans.set(request, span);
    context.with(trace.setSpan(parent, span), done);
  });
  server.addHook("onError", (request, _reply, error, done) => {
    const span = spans.get(request);
    if (span !== undefined) recordFailure(span, error);
    done();
  });
  server.addHook("onResponse", (request, reply, done) => {
    end(spans.get(request), reply.statusCode);
    done();
  });
  server.addHook("onRequestAbort", (request, done) => {
    const span = spans.get(request);
    span
      ?.setAttribute("error.type", "aborted")
      .setStatus({ code: SpanStatusCode.ERROR, message: "the client went away" });
    span?.end();
    spans.delete(request);
    done();
  });
}

function end(span: Span | undefined, status: number): void {
  if (span === undefined) return;
  span.setAttribute("http.response.status_code", status);
  if (status >= 500)
    span.setAttribute("error.type", String(status)).setStatus({ code: SpanStatusCode.ERROR });
  span.end();
}

function attributesOf(request: Request): Record<string, string | number> {
  const [path = "", ...query] = request.url.split("?");
  const [address = "", port] = hostOf(request);
  const agent = request.headers["user-agent"];
  const known = methods.has(request.method);
  return {
    "http.request.method": known ? request.method : "_OTHER",
    ...(known ? {} : { "http.request.method_original": request.method.slice(0, 32) }),
    ...(request.routeOptions.url === undefined ? {} : { "http.route": request.routeOptions.url }),
    "url.path": path.slice(0, 2_048),
    ...(query.length === 0 ? {} : { "url.query": query.join("?").slice(0, 2_048) }),
    "url.scheme": request.protocol,
    "server.address": address,
    ...(port === undefined ? {} : { "server.port": Number(port) }),
    "client.address": request.ip,
    "network.protocol.version": request.raw.httpVersion,
    ...(typeof agent === "string" ? { "user_agent.original": agent.slice(0, 256) } : {}),
  };
}

function hostOf(request: Request): string[] {
  const host = typeof request.headers["host"] === "string" ? request.headers["host"] : request.hostname;
  return (
    /^(.*?)(?::(\d{1,5}))?$/
      .exec(host.slice(0, 256))
      ?.slice(1)
      .filter((part) => part !== undefined) ?? []
  );
}
