import { ThroughlineError } from "@throughline/api";
import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import { type EnvelopeKey, type EnvelopeKeys, keyBytes } from "./envelope-keys.ts";

/*
 * How tenants' secrets stand in the database, so that a copy of it alone gives none of them away:
 *
 *   tenants.data_key       k1.<id of the envelope key>.<sealed data key>    for the tenant
 *   tenant_secrets.sealed  s1.<sealed secret>                               under the data key, for the tenant and the secret's name
 *
 * "Sealed" is AES-256-GCM: base64url of nonce (12 bytes), tag (16), ciphertext. What it is for is authenticated with it (AAD), so a
 * value that was moved to another tenant or another name does not open. Before 0007 a secret was sealed under the envelope key
 * itself, as base64 without a prefix; such a tenant has no data key and gets one with its next change, at the latest at a start.
 */

const nonceBytes = 12;
const tagBytes = 16;
const dataKeyForm = /^k1\.([0-9a-f]{16})\.([\w-]+)$/;
const secretForm = /^s1\.([\w-]+)$/;

/** Seals and opens the secrets of one tenant. */
export interface TenantVault {
  /** As it stands in the database. */
  dataKey: string;
  seal(name: string, secret: string): string;
  /** Throws TL_TENANT_SECRET_DAMAGED. */
  open(name: string, sealed: string): string;
}

export function newTenantVault(tenantId: string, envelope: EnvelopeKey): TenantVault {
  const key = randomBytes(keyBytes);
  const wrapped = seal(envelope.key, ["data key", tenantId], key);
  return vaultOf(tenantId, key, `k1.${envelope.id}.${wrapped}`);
}

/** Throws TL_TENANTS_KEY_WRONG where the envelope key is another, TL_TENANT_SECRET_DAMAGED where the data key was changed. */
export function openTenantVault(tenantId: string, dataKey: string, keys: EnvelopeKeys): TenantVault {
  if (dataKey === "") return oldVault(tenantId, keys);
  const [, id = "", wrapped = ""] = dataKeyForm.exec(dataKey) ?? [];
  if (id === "") throw damaged(tenantId, "its data key");
  const envelope = keys.find(id);
  if (envelope === undefined) throw wrongKey(tenantId, keys, `they need the key ${id}`);
  const key = open(envelope.key, ["data key", tenantId], wrapped);
  if (key === undefined) throw damaged(tenantId, "its data key");
  return vaultOf(tenantId, key, dataKey);
}

function vaultOf(tenantId: string, key: Buffer, dataKey: string): TenantVault {
  return {
    dataKey,
    seal: (name, secret) => `s1.${seal(key, ["secret", tenantId, name], Buffer.from(secret, "utf8"))}`,
    open: (name, sealed) => {
      const [, text = ""] = secretForm.exec(sealed) ?? [];
      const secret = open(key, ["secret", tenantId, name], text);
      if (secret === undefined) throw damaged(tenantId, name);
      return secret.toString("utf8");
    },
  };
}

/** Of before 0007: opens only. */
function oldVault(tenantId: string, keys: EnvelopeKeys): TenantVault {
  return {
    dataKey: "",
    seal: () => {
      throw new Error("A tenant without a data key seals nothing.");
    },
    open: (_name, sealed) => {
      const envelope = keys.present();
      const secret = envelope === undefined ? undefined : open(envelope.key, undefined, sealed);
      const why = envelope === undefined ? "it is missing" : "they were sealed with another";
      if (secret === undefined) throw wrongKey(tenantId, keys, why);
      return secret.toString("utf8");
    },
  };
}

function seal(key: Buffer, purpose: readonly string[], secret: Buffer): string {
  const nonce = randomBytes(nonceBytes);
  const cipher = createCipheriv("aes-256-gcm", key, nonce);
  cipher.setAAD(aad(purpose));
  const text = Buffer.concat([cipher.update(secret), cipher.final()]);
  return Buffer.concat([nonce, cipher.getAuthTag(), text]).toString("base64url");
}

/** undefined where key, purpose and text do not belong together. */
function open(key: Buffer, purpose: readonly string[] | undefined, text: string): Buffer | undefined {
  const sealed = Buffer.from(text, "base64");
  if (sealed.length < nonceBytes + tagBytes) return undefined;
  const decipher = createDecipheriv("aes-256-gcm", key, sealed.subarray(0, nonceBytes), {
    authTagLength: tagBytes,
  });
  if (purpose !== undefined) decipher.setAAD(aad(purpose));
  decipher.setAuthTag(sealed.subarray(nonceBytes, nonceBytes + tagBytes));
  try {
    return Buffer.concat([decipher.update(sealed.subarray(nonceBytes + tagBytes)), decipher.final()]);
  } catch {
    return undefined;
  }
}

function aad(purpose: readonly string[]): Buffer {
  return Buffer.from(JSON.stringify(["throughline", ...purpose]), "utf8");
}

function wrongKey(tenantId: string, keys: EnvelopeKeys, why: string): ThroughlineError {
  return new ThroughlineError(
    "TL_TENANTS_KEY_WRONG",
    `The secrets of the tenant "${tenantId}" cannot be opened with ${keys.source}: ${why}.`,
  );
}

function damaged(tenantId: string, what: string): ThroughlineError {
  return new ThroughlineError(
    "TL_TENANT_SECRET_DAMAGED",
    `Of the tenant "${tenantId}", ${what} was changed or moved in the database: it does not open.`,
  );
}
