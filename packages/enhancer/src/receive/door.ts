import type { KeyObject } from "node:crypto";
import type { Tenant } from "../tenants/tenants.ts";
import { Networks } from "./limits/networks.ts";
import { presetMappings } from "./mapping/presets/index.ts";
import type { Mapping } from "./mapping/schema.ts";
import { schemes } from "./schemes/index.ts";
import type { Scheme, SchemeSettings } from "./schemes/scheme.ts";

/** What a tenant's webhooks are held against, made once for each state of the tenant. */
export interface Door {
  tenant: Tenant;
  scheme: Scheme;
  settings: SchemeSettings;
  allowed: Networks;
  /** undefined: our own strict contract. */
  mapping: Mapping | undefined;
  /** Of the secrets that are good now: two during a rotation. */
  keys(nowMs: number): readonly KeyObject[];
}

/** Tenants come from a cache: as long as one is unchanged it is the same object. */
const doors = new WeakMap<Tenant, Door>();

export function doorOf(tenant: Tenant): Door {
  const known = doors.get(tenant);
  if (known !== undefined) return known;
  const door = newDoor(tenant);
  doors.set(tenant, door);
  return door;
}

function newDoor(tenant: Tenant): Door {
  const {
    scheme: name,
    toleranceSeconds,
    secretHeader,
    allowedAddresses,
    preset,
    mapping,
  } = tenant.settings.webhook;
  const scheme: Scheme = schemes[name];
  const { webhook, previousWebhook } = tenant.secrets;
  const present = scheme.keysOf(webhook);
  const both =
    previousWebhook === undefined ? present : [...present, ...scheme.keysOf(previousWebhook.secret)];
  const bothUntil = previousWebhook?.validUntil ?? 0;
  return {
    tenant,
    scheme,
    settings: {
      toleranceSeconds: toleranceSeconds ?? scheme.toleranceSeconds,
      secretHeader: secretHeader.toLowerCase(),
    },
    allowed: new Networks(allowedAddresses),
    mapping: mapping ?? (preset === "throughline" ? undefined : presetMappings[preset]),
    keys: (nowMs) => (nowMs < bothUntil ? both : present),
  };
}
