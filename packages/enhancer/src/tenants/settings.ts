import { z } from "zod";
import { type PersonalKind, personalKinds } from "../llm/personal-data.ts";
import { type MappedPreset, presetMappings } from "../receive/mapping/presets/index.ts";
import { mappingSchema } from "../receive/mapping/schema.ts";
import { type SchemeName, schemes } from "../receive/schemes/index.ts";

/** How a desk shows that a webhook is its own. */
const webhookSchemes = Object.keys(schemes) as SchemeName[];

/** Which desk's body a webhook has; `throughline` is our own strict contract. */
const webhookPresets = ["throughline", ...(Object.keys(presetMappings) as MappedPreset[])] as const;

const deskKinds = ["servicedesk-plus", "servicedesk-plus-cloud", "zammad"] as const;
const noteModes = ["shadow", "draft", "automatic"] as const;

/** IPv4 or IPv6, alone or as a network. */
const network = z.union([z.ipv4(), z.ipv6(), z.cidrv4(), z.cidrv6()], {
  error: "must be an address or a network such as 203.0.113.7 or 10.0.0.0/8",
});
const name = z.string().trim().min(1, "must not be empty").max(200);
const names = z.array(name).max(200).default([]);
const httpUrl = z
  .url({ protocol: /^https?$/, error: "must be an http or https address" })
  .max(2_000)
  .refine((text) => !/^https?:\/\/[^/]*@/.test(text), "must not carry a user name or a password")
  .overwrite((text) => text.replace(/\/+$/, ""));
const days = z.int().min(1).max(36_500).nullable().default(null);
const amount = z.number().positive("must be more than 0").max(1e12).nullable().default(null);

const webhook = z.strictObject({
  scheme: z.enum(webhookSchemes).default("servicedesk-hmac"),
  /** Header that carries the secret where the scheme is `static-secret`. */
  secretHeader: z
    .string()
    .max(100)
    .regex(/^[A-Za-z0-9-]+$/, "must be the name of a header")
    .default("X-Webhook-Secret"),
  preset: z.enum(webhookPresets).default("throughline"),
  /** Where a ticket's fields stand in the body, for a desk that no preset fits (docs/webhooks.md). It beats the preset. */
  mapping: mappingSchema.nullable().default(null),
  /** Empty: from everywhere. */
  allowedAddresses: z.array(network).max(200).default([]),
  /** An outside `traceparent` continues its trace; else it becomes a link. */
  trustsTraceparent: z.boolean().default(false),
  /** How far a signed timestamp may be from now; null: what suits the scheme, 5 minutes or, for GLPI, a day. */
  toleranceSeconds: z.int().min(1).max(604_800).nullable().default(null),
  /** null: no limit. */
  ratePerMinute: z.int().min(1).max(1_000_000).nullable().default(100),
});

const ticketFilter = z.strictObject({
  priority: names,
  category: names,
  group: names,
  status: names,
  requester: names,
  label: names,
});
const emptyFilter = ticketFilter.parse({});

/** A ticket goes on when each list of `include` that is not empty holds its value, and none of `exclude` does. */
const filters = z.strictObject({
  include: ticketFilter.default(emptyFilter),
  exclude: ticketFilter.default(emptyFilter),
});

/** Whose changes on the desk are our own, so that they start nothing. */
const technician = z
  .strictObject({ name: name.nullable().default(null), id: name.nullable().default(null) })
  .default({ name: null, id: null });

/** On premises: with a technician's key. */
const serviceDeskPlus = z.strictObject({
  kind: z.literal("servicedesk-plus"),
  url: httpUrl,
  /** Where the key goes: builds differ. */
  headerStyle: z.enum(["both", "authtoken", "authorization", "query"]).default("both"),
  /** `PORTALID`, where there are several. */
  portal: name.nullable().default(null),
  technician,
});

/** In the cloud: OAuth with a refresh token. */
const serviceDeskPlusCloud = z.strictObject({
  kind: z.literal("servicedesk-plus-cloud"),
  url: httpUrl.default("https://sdpondemand.manageengine.com"),
  portal: name.nullable().default(null),
  accountsUrl: httpUrl.default("https://accounts.zoho.com"),
  clientId: name,
  technician,
});

const zammad = z.strictObject({ kind: z.literal("zammad"), url: httpUrl, technician });

const desk = z.discriminatedUnion("kind", [serviceDeskPlus, serviceDeskPlusCloud, zammad], {
  error: (issue) =>
    issue.code === "invalid_union" ? `must have a kind: one of ${deskKinds.join(", ")}` : undefined,
});

const note = z.strictObject({
  /** shadow: written nowhere; draft: waits for a person; automatic: written on the ticket. */
  mode: z.enum(noteModes).default("automatic"),
  /** The kill switch: false writes nothing any more. */
  enabled: z.boolean().default(true),
  /** BCP 47, for example `en` or `de-CH`; `ticket`: the ticket's own, where it shows. */
  language: z
    .string()
    .max(35)
    .regex(/^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$/, "must be ticket, or a language such as en or de-CH")
    .default("ticket"),
  /** Whether the requester sees the notes too: desks tell him by e-mail. */
  showToRequester: z.boolean().default(false),
  template: z.string().min(1).max(20_000).nullable().default(null),
  /** Tickets of these get no note. */
  optOut: z
    .strictObject({ groups: names, categories: names, requesters: names })
    .default({ groups: [], categories: [], requesters: [] }),
  /** Does not reach the model; true: all of it. Credentials never do. */
  hidePersonalData: z
    .union([z.boolean(), z.array(z.enum(personalKinds)).max(20)])
    .default([])
    .transform((wanted): PersonalKind[] =>
      wanted === true ? [...personalKinds] : wanted === false ? [] : wanted,
    )
    .pipe(z.array(z.enum(personalKinds))),
});

/** Labels are compared in lower case. */
const labels = z
  .array(name.overwrite((label) => label.toLowerCase()))
  .max(200)
  .default([]);

/** Which documents a note may quote, by their labels. */
const documents = z.strictObject({
  /** Granted on every ticket: a document labelled `permission:...` needs one that is granted. */
  permissions: labels,
  /** Granted on tickets of a group too. */
  groupPermissions: z.record(name, labels).default({}),
  /** In use: a document labelled `version:...` needs one of them; empty: all are. */
  versions: labels,
  /** Documents with one of these labels are never quoted. */
  exclude: labels,
});

const budget = z.strictObject({
  ticketUsd: amount,
  dayUsd: amount,
  ticketTokens: z.int().min(1).nullable().default(null),
  dayTokens: z.int().min(1).nullable().default(null),
});

/** Older ones are deleted; null: kept. */
const retention = z.strictObject({ historyDays: days, enhancementDays: days });

/**
 * What a tenant wants, as it is stored, shown and taken from `--settings FILE`. Whatever is not given has its default; null means
 * none. Secrets stand apart.
 */
export const tenantSettings = z.strictObject({
  webhook: webhook.prefault({}),
  filters: filters.prefault({}),
  desk,
  note: note.prefault({}),
  documents: documents.prefault({}),
  budget: budget.prefault({}),
  retention: retention.prefault({}),
  /** Jobs of this tenant at the same time; null: as many as the workers have places. */
  concurrency: z.int().min(1).max(1_000).nullable().default(null),
});
export type TenantSettings = z.output<typeof tenantSettings>;
export type TenantSettingsInput = z.input<typeof tenantSettings>;
type DeskSettings = TenantSettings["desk"];

export const tenantId = z
  .string()
  .min(1)
  .max(100)
  .regex(/^[a-z0-9-]+$/, "must be of a-z, 0-9 and -");

const secret = z.string().min(1, "must not be empty").max(4_000);

/** What only the tenant, its desk and we know. Which ones a desk needs depends on its kind. */
export const tenantSecrets = z.strictObject({
  /** Signs its webhooks. */
  webhook: secret,
  /** Technician key of ServiceDesk Plus on premises, access token of Zammad. */
  deskKey: secret.optional(),
  /** OAuth of ServiceDesk Plus in the cloud. */
  deskClientSecret: secret.optional(),
  deskRefreshToken: secret.optional(),
});
export type TenantSecrets = z.output<typeof tenantSecrets>;
export type SecretName = keyof TenantSecrets;
export const secretNames = Object.keys(tenantSecrets.shape) as readonly SecretName[];

const needed: Readonly<Record<DeskSettings["kind"], readonly SecretName[]>> = {
  "servicedesk-plus": ["deskKey"],
  "servicedesk-plus-cloud": ["deskClientSecret", "deskRefreshToken"],
  zammad: ["deskKey"],
};

/** Those that the desk of these settings needs and that are not there. */
export function missingSecrets(
  settings: TenantSettings,
  present: Readonly<Partial<Record<SecretName, unknown>>>,
): readonly SecretName[] {
  return ["webhook" as const, ...needed[settings.desk.kind]].filter((one) => present[one] === undefined);
}
