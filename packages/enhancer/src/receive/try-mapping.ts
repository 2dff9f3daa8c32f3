import { ThroughlineError } from "@throughline/api";
import type { TenantSettings } from "../tenants/settings.ts";
import { decodeUtf8 } from "./body/charset.ts";
import { parseJson } from "./body/json.ts";
import { bodyKind, mediaType } from "./body/media-type.ts";
import { ignoredBecause, type Ignored } from "./ignored.ts";
import type { Heard } from "./mapping/heard.ts";
import { type MappedPreset, presetMappings } from "./mapping/presets/index.ts";
import { type Mapping, mappingSchema } from "./mapping/schema.ts";
import { readTicket } from "./read-ticket.ts";
import { fieldErrors } from "./refused.ts";

/** By what a body is read: a preset's name, a mapping as JSON, or a tenant's settings. */
export type TriedMapping =
  | { preset: string }
  | { mapping: unknown }
  | { settings: Pick<TenantSettings, "webhook" | "desk" | "filters"> };

export interface Tried {
  ticket: Heard;
  /** Why a tenant's settings would let it make no job; null: it would, or no tenant was asked for. */
  ignored: Ignored | null;
}

/** What a webhook with this body would say. Throws TL_SETTING_INVALID for what is no preset or mapping, else as the webhook would. */
export async function tryMapping(body: Buffer, contentType: string, by: TriedMapping): Promise<Tried> {
  const type = mediaType(contentType);
  const text = decodeUtf8(body);
  const request = {
    body,
    type,
    kind: bodyKind(type),
    json: text === undefined ? undefined : parseJson(text),
    header: (name: string) => (name === "content-type" ? contentType : undefined),
  };
  const ticket = await readTicket(request, mappingOf(by), Date.now());
  const ignored = "settings" in by ? ignoredBecause(by.settings, ticket) : undefined;
  return { ticket, ignored: ignored ?? null };
}

function mappingOf(by: TriedMapping): Mapping | undefined {
  if ("settings" in by) {
    const { mapping, preset } = by.settings.webhook;
    return mapping ?? (preset === "throughline" ? undefined : presetMappings[preset]);
  }
  if ("preset" in by) return presetNamed(by.preset);
  const parsed = mappingSchema.safeParse(by.mapping);
  if (parsed.success) return parsed.data;
  const wrong = fieldErrors(parsed.error.issues).map(({ field, message }) => `${field}: ${message}`);
  throw new ThroughlineError("TL_SETTING_INVALID", `--mapping: ${wrong.join("; ")}.`);
}

function presetNamed(name: string): Mapping | undefined {
  if (name === "throughline") return undefined;
  if (Object.hasOwn(presetMappings, name)) return presetMappings[name as MappedPreset];
  const known = ["throughline", ...Object.keys(presetMappings)].join(", ");
  throw new ThroughlineError("TL_SETTING_INVALID", `--preset is "${name}": expected one of ${known}.`);
}
