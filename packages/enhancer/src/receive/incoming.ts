import { decodeUtf8 } from "./body/charset.ts";
import { isTooDeep, parseJson } from "./body/json.ts";
import { type BodyKind, bodyKind, type MediaType, mediaType } from "./body/media-type.ts";
import type { FastifyRequest } from "fastify";
import { wallClockMs } from "@throughline/tracing";
import { clientAddress } from "./limits/client-address.ts";
import type { Networks } from "./limits/networks.ts";

const nothing = Buffer.alloc(0);

/** One request that came whole: its bytes, what its headers say of them, and where it is from. */
export class Incoming {
  readonly request: FastifyRequest;
  readonly body: Buffer;
  /** Wall clock, milliseconds. */
  readonly receivedAtMs = wallClockMs();
  readonly address: string;
  readonly type: MediaType;
  /** undefined: a media type that nobody reads here. */
  readonly kind: BodyKind | undefined;
  /** The body as JSON in UTF-8; undefined where it is none. The one parse of it. */
  readonly json: unknown;
  readonly isTooDeep: boolean = false;

  constructor(request: FastifyRequest, proxies: Networks) {
    this.request = request;
    this.body = Buffer.isBuffer(request.body) ? request.body : nothing;
    this.address = clientAddress(request.socket.remoteAddress ?? "", this.header("x-forwarded-for"), proxies);
    this.type = mediaType(this.header("content-type"));
    this.kind = bodyKind(this.type);
    // JSON that calls itself something else is refused by its type, but only to the tenant that it names.
    if (this.kind !== "json" && this.kind !== "text" && this.body[0] !== 0x7b) return;
    const text = this.body.length === 0 ? undefined : decodeUtf8(this.body);
    if (text === undefined) return;
    this.isTooDeep = isTooDeep(this.body);
    if (!this.isTooDeep) this.json = parseJson(text);
  }

  /** undefined where it is missing or empty; the first where Node gives several. */
  readonly header = (name: string): string | undefined => {
    const value = this.request.headers[name];
    return (Array.isArray(value) ? value[0] : value) || undefined;
  };

  /** By the body, `X-Tenant-ID`, or `?tenant=` where a desk can set neither. What the body says may be of another desk's making. */
  get tenantId(): string | undefined {
    const named = this.bodyTenant ?? this.header("x-tenant-id");
    if (named !== undefined) return named;
    const { query } = this.request;
    return typeof query === "object" &&
      query !== null &&
      "tenant" in query &&
      typeof query.tenant === "string"
      ? query.tenant
      : undefined;
  }

  private get bodyTenant(): string | undefined {
    const { json } = this;
    return typeof json === "object" &&
      json !== null &&
      "tenant_id" in json &&
      typeof json.tenant_id === "string"
      ? json.tenant_id
      : undefined;
  }
}
