import { ThroughlineError } from "@throughline/api";
import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from "node:crypto";
import { linkSync, readFileSync, rmSync, writeFileSync } from "node:fs";

const keyBytes = 32;
const nonceBytes = 12;
const tagBytes = 16;
/** Opened secrets are kept in this process's memory: each webhook needs its tenant's. */
const keptOpen = 1_000;

/** Seals tenants' secrets, so that a copy of the database alone gives none of them away. */
export interface Vault {
  seal(secret: string): string;
  /** Throws TL_DATA_DIRECTORY_UNUSABLE where the key does not fit. */
  open(sealed: string): string;
  /** A key of its own for another purpose, from the same secret. */
  derive(purpose: string): Buffer;
}

/** AES-256-GCM under the key in `keyFile` (0600, made when missing). Sealed form: base64 of nonce, tag, ciphertext. */
export function openVault(keyFile: string): Vault {
  const key = readOrMakeKey(keyFile);
  const opened = new Map<string, string>();
  const decrypt = (text: string): string => {
    const sealed = Buffer.from(text, "base64");
    const decipher = createDecipheriv("aes-256-gcm", key, sealed.subarray(0, nonceBytes));
    decipher.setAuthTag(sealed.subarray(nonceBytes, nonceBytes + tagBytes));
    const tail = sealed.subarray(nonceBytes + tagBytes);
    return Buffer.concat([decipher.update(tail), decipher.final()]).toString("utf8");
  };
  return {
    derive: (purpose) => Buffer.from(hkdfSync("sha256", key, "", purpose, keyBytes)),
    seal: (secret) => {
      const nonce = randomBytes(nonceBytes);
      const cipher = createCipheriv("aes-256-gcm", key, nonce);
      const sealed = Buffer.concat([cipher.update(secret, "utf8"), cipher.final()]);
      return Buffer.concat([nonce, cipher.getAuthTag(), sealed]).toString("base64");
    },
    open: (text) => {
      const known = opened.get(text);
      if (known !== undefined) return known;
      try {
        const secret = decrypt(text);
        if (opened.size >= keptOpen) opened.clear();
        opened.set(text, secret);
        return secret;
      } catch (error) {
        throw new ThroughlineError(
          "TL_DATA_DIRECTORY_UNUSABLE",
          `${keyFile} is not the key that a tenant's secrets were sealed with.`,
          { cause: error },
        );
      }
    },
  };
}

function readOrMakeKey(keyFile: string): Buffer {
  const known = readKey(keyFile);
  if (known !== undefined) return known;
  // Two processes may start at once: whoever links first wins, both then read the same key.
  const draft = `${keyFile}.${process.pid}`;
  writeFileSync(draft, randomBytes(keyBytes), { mode: 0o600, flush: true });
  try {
    linkSync(draft, keyFile);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  } finally {
    rmSync(draft);
  }
  const made = readKey(keyFile);
  if (made === undefined)
    throw new ThroughlineError("TL_DATA_DIRECTORY_UNUSABLE", `${keyFile} cannot be made.`);
  return made;
}

function readKey(keyFile: string): Buffer | undefined {
  try {
    const key = readFileSync(keyFile);
    if (key.length === keyBytes) return key;
    throw new ThroughlineError(
      "TL_DATA_DIRECTORY_UNUSABLE",
      `${keyFile} has ${key.length} bytes, a key has ${keyBytes}; restore it from a backup.`,
    );
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}
