import { ThroughlineError, ticketWebhook } from "@throughline/api";
import { decodeText, decodeUtf8 } from "./body/charset.ts";
import { parseForm, parseMultipart } from "./body/form.ts";
import { isTooDeepValue, parseJson, parseLooseJson } from "./body/json.ts";
import { applyMapping } from "./mapping/apply.ts";
import type { Heard } from "./mapping/heard.ts";
import type { Mapping } from "./mapping/schema.ts";
import { fieldErrors, invalidTicket } from "./refused.ts";
import type { Incoming } from "./incoming.ts";

type Body = Pick<Incoming, "body" | "type" | "kind" | "json" | "header">;

const utf8Names = new Set([undefined, "utf-8", "utf8", "us-ascii"]);

/** What a body says, by our own contract or by a mapping. Throws TL_MEDIA_TYPE_UNSUPPORTED, TL_TICKET_INVALID, TL_BODY_TOO_DEEP. */
export async function readTicket(
  incoming: Body,
  mapping: Mapping | undefined,
  nowMs: number,
): Promise<Heard> {
  if (mapping === undefined) return readOwn(incoming);
  const { kind } = incoming;
  if (kind === undefined || kind === "ndjson" || !mapping.bodies.includes(kind))
    throw unsupported(`The tenant's desk sends ${mapping.bodies.join(", ")}.`);
  const value = await valueOf(incoming, kind, mapping);
  if (value === undefined || value === null) throw unreadable(kind);
  if (isTooDeepValue(value))
    throw new ThroughlineError("TL_BODY_TOO_DEEP", "The body is nested deeper than 64 levels.");
  const result = applyMapping(value, mapping, nowMs);
  if ("errors" in result) throw invalidTicket(result.errors);
  return result.heard;
}

function readOwn({ kind, type, json }: Body): Heard {
  if (!isJson(kind, json) || !utf8Names.has(type.charset))
    throw unsupported("A webhook of our own contract is application/json in UTF-8.");
  if (json === undefined) throw unreadable("json");
  const result = ticketWebhook.safeParse(json);
  if (!result.success) throw invalidTicket(fieldErrors(result.error.issues));
  const { data } = result;
  return {
    ticketId: data.ticket_id,
    event: data.event,
    description: data.description,
    priority: data.priority,
    createdAt: data.created_at,
    state: [data.created_at, data.priority, data.description, data.correlation_id ?? ""].join("\n"),
    facts: { priority: data.priority },
    actors: [],
  };
}

async function valueOf(
  { body, type: { charset }, json, header }: Body,
  kind: "json" | "form" | "multipart" | "text",
  mapping: Mapping,
): Promise<unknown> {
  if (kind === "multipart") return parseMultipart(body, header("content-type") ?? "");
  const others = mapping.otherCharsets;
  if (!others && !utf8Names.has(charset)) throw unsupported("The tenant's desk sends UTF-8.");
  if (kind === "form") return parseForm(body, others ? charset : "utf-8");
  if (json !== undefined && utf8Names.has(charset)) return json;
  const text = others ? decodeText(body, charset) : decodeUtf8(body);
  if (text === undefined) return undefined;
  return mapping.looseJson ? parseLooseJson(text) : parseJson(text);
}

/** Many clients call every body text or a form unless told otherwise: signed JSON is JSON all the same. */
export function isJson(kind: Body["kind"], json: unknown): boolean {
  return kind === "json" || kind === "text" || (kind === "form" && json !== undefined);
}

function unsupported(detail: string): ThroughlineError {
  return new ThroughlineError("TL_MEDIA_TYPE_UNSUPPORTED", detail);
}

function unreadable(kind: string): ThroughlineError {
  const what = kind === "form" || kind === "multipart" ? "is no readable form" : "is not valid JSON";
  return invalidTicket([{ field: "(body)", message: what }]);
}
