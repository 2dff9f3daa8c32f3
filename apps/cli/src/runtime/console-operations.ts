import type { Tracer } from "@opentelemetry/api";
import { ThroughlineError } from "@throughline/api";
import type { AdminRoute, AdminScope } from "@throughline/api/admin";
import type { AdminHandler, Principal } from "@throughline/traces";
import type { FastifyInstance, FastifyRequest } from "fastify";
import type { IncomingMessage } from "node:http";
import type { Logger } from "pino";
import { readTokenFile, type Settings } from "../config.ts";
import { adminApiPath, mountAdminApi } from "./admin-api.ts";
import { newAdminApp } from "./admin-app.ts";
import { admitted } from "./admin-door.ts";
import type { Role } from "./instance.ts";
import { consoleTokenFile } from "./console-token.ts";
import { onBehalfHeader, onBehalfValue } from "./on-behalf.ts";

/** What the console's address answers below /admin/api; undefined where no enhancer is connected. */
export async function operationsOf(
  role: Role,
  directory: string,
  settings: Pick<Settings, "enhancer" | "enhancerTokenFile">,
  logger: Logger,
): Promise<ConsoleOperations | undefined> {
  if (role === "up") return new ConsoleOperations(logger);
  const { enhancer: url, enhancerTokenFile: given } = settings;
  if (role !== "traces" || url === undefined) return undefined;
  const file = given ?? (await consoleTokenFile(directory));
  // A file that cannot be read stops the start.
  readTokenFile(file);
  const operations = new ConsoleOperations(logger);
  await operations.pass({ url, file });
  return operations;
}

type Identify = () => Promise<Principal>;

/** A model may take its time to answer an approval. */
const passTimeoutMs = 70_000;
const passedHeaders = ["content-type", "if-match"] as const;
const answeredHeaders = ["content-type", "etag", "retry-after", "www-authenticate"] as const;

/**
 * The admin API under the console's origin: of the enhancer in this process, or passed through to one elsewhere. The console's address is
 * there before the enhancer is; `open` tells what to answer by.
 */
class ConsoleOperations {
  private readonly app: FastifyInstance;
  private readonly askers = new WeakMap<IncomingMessage, Identify>();
  private readonly opened = Promise.withResolvers<void>();

  constructor(logger: Logger) {
    this.app = newAdminApp(logger);
  }

  readonly handler: AdminHandler = (request, response, identify) => {
    this.askers.set(request, identify);
    void this.opened.promise.then(() => this.app.routing(request, response));
  };

  /** Answers by the operations of this process. */
  async open(
    routes: readonly AdminRoute[],
    { tracer, version }: { tracer: Tracer; version: string },
  ): Promise<void> {
    const door = {
      admit: async (request: FastifyRequest, scope: AdminScope) =>
        admitted(await this.whoAsks(request), scope),
    };
    mountAdminApi(this.app, routes, { door, tracer, version });
    await this.app.ready();
    this.opened.resolve();
  }

  /** Answers by an enhancer's admin API elsewhere, with no more rights than whoever asks has here. */
  async pass({ url, file }: { url: string; file: string }): Promise<void> {
    this.app.removeAllContentTypeParsers();
    this.app.addContentTypeParser("*", { parseAs: "buffer" }, (_request, body, done) => done(null, body));
    this.app.all(`${adminApiPath}/*`, async (request, reply) => {
      const asker = await this.whoAsks(request);
      const headers = new Headers({
        // Read anew each time: tokens expire and are replaced.
        authorization: `Bearer ${readTokenFile(file)}`,
        [onBehalfHeader]: onBehalfValue(asker),
      });
      for (const name of passedHeaders) {
        const value = request.headers[name];
        if (value !== undefined) headers.set(name, value);
      }
      const body = Buffer.isBuffer(request.body) ? { body: new Uint8Array(request.body) } : {};
      const answer = await fetch(url + request.url, {
        method: request.method,
        headers,
        redirect: "error",
        signal: AbortSignal.timeout(passTimeoutMs),
        ...body,
      }).catch((cause: unknown) => {
        throw new ThroughlineError("TL_ENHANCER_UNREACHABLE", `The enhancer at ${url} does not answer.`, {
          cause,
        });
      });
      if (answer.status === 401)
        throw new ThroughlineError(
          "TL_ENHANCER_UNREACHABLE",
          `The enhancer at ${url} refuses the token of ${file}: it must come from the enhancer's own data directory.`,
        );
      for (const name of answeredHeaders) {
        const value = answer.headers.get(name);
        if (value !== null) void reply.header(name, value);
      }
      return reply.code(answer.status).send(Buffer.from(await answer.arrayBuffer()));
    });
    await this.app.ready();
    this.opened.resolve();
  }

  close(): Promise<void> {
    return Promise.resolve(this.app.close());
  }

  private async whoAsks({
    raw,
  }: FastifyRequest): Promise<Pick<Principal, "id" | "name" | "tenant" | "scopes">> {
    const identify = this.askers.get(raw);
    if (identify === undefined) throw new ThroughlineError("TL_INTERNAL", "Nobody asks.");
    const principal = await identify();
    // Nobody is asked for a token here: who comes looks and operates, and manages no tenants.
    if (principal.id === "" && principal.scopes.length === 0)
      return { ...principal, name: "console", scopes: ["read", "write"] };
    return principal;
  }
}
