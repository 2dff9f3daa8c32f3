import { type FieldError, ThroughlineError } from "@throughline/api";
import { fieldErrors } from "@throughline/api/admin";
import type { z } from "zod";
import type { BusinessTables } from "../database/schema.ts";
import type { AuditChange } from "./audit.ts";
import { type TenantSecrets, type TenantSettings, tenantSettings } from "./settings.ts";

/** Of `throughline verify`, for as long as one runs. */
export const verificationTenant = "throughline-verify";

export interface TenantInfo {
  id: string;
  settings: TenantSettings;
  /** Grows with each change. */
  revision: number;
  /** Milliseconds since the epoch. */
  createdAt: number;
  updatedAt: number;
}

export interface Tenant extends TenantInfo {
  secrets: TenantSecrets & {
    /** The webhook secret before the present one, good for a while after a rotation. */
    previousWebhook?: { secret: string; validUntil: number };
  };
}

/** Secrets that a webhook may be signed with now, the present one first. */
export function webhookSecrets({ secrets }: Pick<Tenant, "secrets">, nowMs = Date.now()): string[] {
  const { webhook, previousWebhook: previous } = secrets;
  return previous !== undefined && previous.validUntil > nowMs ? [webhook, previous.secret] : [webhook];
}

export function infoFrom(row: BusinessTables["tenants"]): TenantInfo {
  return {
    id: row.id,
    settings: parse(tenantSettings, JSON.parse(row.settings), "settings."),
    revision: row.revision,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}

/** Plain objects are merged, anything else is replaced. A desk of another kind has other fields: it is taken whole. */
export function merged(before: unknown, change: unknown): unknown {
  if (!isPlain(before) || !isPlain(change)) return change;
  if ("kind" in before && "kind" in change && before["kind"] !== change["kind"]) return change;
  const result = new Map(Object.entries(before));
  for (const [key, value] of Object.entries(change)) result.set(key, merged(result.get(key), value));
  return Object.fromEntries(result);
}

/** What differs, value by value; long texts are cut. */
export function differences(before: unknown, after: unknown, path = ""): AuditChange[] {
  if (isPlain(before) || isPlain(after)) {
    const [from, to] = [isPlain(before) ? before : {}, isPlain(after) ? after : {}];
    const keys = new Set([...Object.keys(from), ...Object.keys(to)]);
    return [...keys].flatMap((key) => differences(from[key], to[key], path === "" ? key : `${path}.${key}`));
  }
  if (JSON.stringify(before) === JSON.stringify(after)) return [];
  const old = before === undefined ? {} : { old: shortened(before) };
  return [{ field: path, ...old, ...(after === undefined ? {} : { new: shortened(after) }) }];
}

/** Throws TL_TENANT_INVALID naming the fields. */
export function parse<T extends z.ZodType>(schema: T, input: unknown, prefix = ""): z.output<T> {
  const parsed = schema.safeParse(input);
  if (parsed.success) return parsed.data;
  const fields = parsed.error.issues.flatMap(fieldErrors);
  return invalid(
    fields.map(({ field, message }) => ({
      field: field === "(body)" ? prefix.replace(/\.$/, "") || field : prefix + field,
      message,
    })),
  );
}

export function invalid(fields: FieldError[]): never {
  const text = fields.map(({ field, message }) => `${field}: ${message}`).join("; ");
  throw new ThroughlineError("TL_TENANT_INVALID", text, { fields });
}

export function unknownTenant(id: string): never {
  throw new ThroughlineError("TL_TENANT_UNKNOWN", `There is no tenant "${id}".`);
}

const auditedText = 200;

function shortened(value: unknown): unknown {
  if (typeof value !== "string" || value.length <= auditedText) return value;
  return `${value.slice(0, auditedText)}... (${value.length} characters)`;
}

function isPlain(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
