import { context, type Span, SpanKind, trace, type Tracer } from "@opentelemetry/api";
import { recordFailure } from "../messaging.ts";

/** What is used of `pg`'s Client and Pool. */
interface Queryable {
  query: (...args: never[]) => unknown;
}

type AnyFunction = (...args: unknown[]) => unknown;
type Callback = (error: Error | undefined, ...rest: unknown[]) => void;

const words = /^(?:\s|\/\*[^]*?\*\/|--[^\n]*\n)*([A-Za-z]+)/;
const tables =
  /\b(?:from|into|update|join|table)\s+(?:only\s+)?((?:"[^"]{1,63}"|[\w$]{1,63})(?:\.(?:"[^"]{1,63}"|[\w$]{1,63}))?)/i;
const queryAtMost = 2_048;

/**
 * CLIENT spans for the statements of one client or pool, by the stable database conventions. (The instrumentation of modules asks for
 * loader hooks that programs in native ES modules do not have.) Statements are told with their literals masked, parameters never.
 */
export function pgTracing<T extends Queryable>(client: T, tracer: Tracer): T {
  client.query = tracedQuery(client, tracer);
  if ("connect" in client && "totalCount" in client) {
    const connect = (client.connect as AnyFunction).bind(client);
    // With a callback it is the pool that asks, for a query that is traced already.
    const traced: AnyFunction = (...args) =>
      args.length > 0
        ? connect(...args)
        : (connect() as Promise<Queryable>).then((one) => viewOf(one, tracer));
    Object.assign(client, { connect: traced });
  }
  return client;
}

/** A pool's client for as long as it is lent: the client itself stays as it is, for the pool's own queries. */
function viewOf(client: Queryable, tracer: Tracer): Queryable {
  const query = tracedQuery(client, tracer);
  return new Proxy(client, {
    get: (target, name) => {
      if (name === "query") return query;
      const value: unknown = Reflect.get(target, name);
      return typeof value === "function" ? (value as AnyFunction).bind(target) : value;
    },
  });
}

function tracedQuery(client: Queryable, tracer: Tracer): AnyFunction {
  const query = (client.query as AnyFunction).bind(client);
  return (...args) => {
    const text = textOf(args[0]);
    // A Submittable (a cursor, a stream) reports to its owner, not to us.
    if (text === undefined) return query(...args);
    const span = tracer.startSpan(nameOf(text), {
      kind: SpanKind.CLIENT,
      attributes: attributesOf(client, text),
    });
    return context.with(trace.setSpan(context.active(), span), () => follow(span, args, query));
  };
}

function follow(span: Span, args: unknown[], query: AnyFunction): unknown {
  const at = args.findLastIndex((arg) => typeof arg === "function");
  if (at > 0) {
    const callback = args[at] as Callback;
    args[at] = ((error, ...rest) => {
      finish(span, error);
      callback(error, ...rest);
    }) satisfies Callback;
    return query(...args);
  }
  try {
    const answer = query(...args);
    if (!(answer instanceof Promise)) {
      span.end();
      return answer;
    }
    return answer.then(
      (result: unknown) => {
        finish(span, undefined);
        return result;
      },
      (error: unknown) => {
        finish(span, error);
        throw error;
      },
    );
  } catch (error) {
    finish(span, error);
    throw error;
  }
}

function finish(span: Span, error: unknown): void {
  if (error !== undefined && error !== null) {
    recordFailure(span, error);
    const code = typeof error === "object" && "code" in error ? error.code : undefined;
    if (typeof code === "string") span.setAttribute("db.response.status_code", code);
  }
  span.end();
}

function textOf(query: unknown): string | undefined {
  if (typeof query === "string") return query;
  const isConfig = typeof query === "object" && query !== null && "text" in query && !("submit" in query);
  return isConfig && typeof query.text === "string" ? query.text : undefined;
}

function operationOf(text: string): string {
  return words.exec(text.slice(0, queryAtMost))?.[1]?.toUpperCase() ?? "QUERY";
}

function tableOf(text: string): string | undefined {
  return tables.exec(text.slice(0, queryAtMost))?.[1]?.replaceAll('"', "");
}

function nameOf(text: string): string {
  const table = tableOf(text);
  return table === undefined ? operationOf(text) : `${operationOf(text)} ${table}`;
}

function attributesOf(client: object, text: string): Record<string, string | number> {
  const table = tableOf(text);
  const { host, port, database } = {
    ...("options" in client ? (client.options as object) : {}),
    ...client,
  } as Record<string, unknown>;
  return {
    "db.system.name": "postgresql",
    "db.operation.name": operationOf(text),
    "db.query.text": masked(text),
    ...(table === undefined ? {} : { "db.collection.name": table }),
    ...(typeof database === "string" ? { "db.namespace": database } : {}),
    ...(typeof host === "string" ? { "server.address": host } : {}),
    ...(typeof port === "number" ? { "server.port": port } : {}),
  };
}

/** Literals become `?`: what is in them is data. */
function masked(text: string): string {
  return text
    .slice(0, queryAtMost)
    .replace(/\$(\w{0,63})\$[^]*?\$\1\$/g, "?")
    .replace(/'(?:[^']|'')*'?/g, "?")
    .replace(/(?<![\w$"])-?\d+(?:\.\d+)?(?![\w"])/g, "?");
}
