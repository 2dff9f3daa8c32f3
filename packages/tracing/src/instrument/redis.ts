import { context, SpanKind, trace, type Tracer } from "@opentelemetry/api";
import { recordFailure } from "../messaging.ts";

/** What is used of ioredis' Redis. */
interface Client {
  options: { host?: string | undefined; port?: number | undefined; db?: number | undefined };
  sendCommand: (...args: never[]) => unknown;
}

interface Command {
  name: string;
  args: readonly unknown[];
  promise: Promise<unknown>;
}

/** How many arguments are keys, not values. */
const keysOf: Readonly<Record<string, number>> = {
  auth: 0,
  hello: 0,
  eval: 0,
  evalsha: 0,
  echo: 0,
  config: 1,
  acl: 1,
  mset: 1,
  msetnx: 1,
};

/**
 * CLIENT spans for the commands of one ioredis client, pipelines and transactions included. Only clients that are handed in are traced,
 * so that a queue's own traffic stays out. Values are told as `?`.
 */
export function redisTracing<T extends Client>(client: T, tracer: Tracer): T {
  const send = client.sendCommand.bind(client) as (...args: unknown[]) => unknown;
  const traced = (command: Command, ...rest: unknown[]): unknown => {
    const name = command.name.toUpperCase();
    const attributes = {
      "db.system.name": "redis",
      "db.operation.name": name,
      "db.query.text": textOf(command),
      "db.namespace": String(client.options.db ?? 0),
      "server.address": client.options.host ?? "localhost",
      "server.port": client.options.port ?? 6379,
    };
    const span = tracer.startSpan(name, { kind: SpanKind.CLIENT, attributes });
    command.promise.then(
      () => span.end(),
      (error: unknown) => {
        recordFailure(span, error);
        span.end();
      },
    );
    return context.with(trace.setSpan(context.active(), span), () => send(command, ...rest));
  };
  client.sendCommand = traced;
  return client;
}

function textOf({ name, args }: Command): string {
  const shown = keysOf[name.toLowerCase()] ?? 1;
  const words = args
    .slice(0, 16)
    .map((arg, at) => (at < shown && typeof arg === "string" ? arg.slice(0, 128) : "?"));
  return [name.toUpperCase(), ...words, ...(args.length > 16 ? ["..."] : [])].join(" ");
}
