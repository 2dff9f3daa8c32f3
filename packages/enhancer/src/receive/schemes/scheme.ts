import { createHmac, createSecretKey, type KeyObject, timingSafeEqual } from "node:crypto";

/** What a scheme looks at: the bytes as they came, never their meaning. */
export interface SignedRequest {
  body: Buffer;
  /** The value of a header by its name in small letters; undefined where it is missing or empty. */
  header(name: string): string | undefined;
  nowMs: number;
}

export interface SchemeSettings {
  /** How far a signed time may be from now. */
  toleranceSeconds: number;
  /** Header of a static secret, in small letters. */
  secretHeader: string;
}

/** What is wrong, in words that hold nothing of the request; `stale`: the signature is good and its time is not. */
export type Refusal = { kind: "invalid" | "stale"; detail: string };

/** How one kind of desk shows that a webhook is its own. One file each, with its specification. */
export interface Scheme {
  /** Seconds that a signed time may be from now where the tenant sets nothing. Of no meaning where no time is signed. */
  readonly toleranceSeconds: number;
  /** What a secret may stand for as keys; made once for each secret and kept. */
  keysOf(secret: string): KeyObject[];
  /** undefined: the request is of who holds one of the keys. */
  verify(request: SignedRequest, keys: readonly KeyObject[], settings: SchemeSettings): Refusal | undefined;
  /** Headers, in small letters, of which the first that is there names the delivery and stays the same when it is repeated. */
  readonly deliveryHeaders: readonly string[];
}

export function textKey(secret: string): KeyObject[] {
  return [createSecretKey(secret, "utf8")];
}

export function hmac(
  algorithm: "sha1" | "sha256",
  key: KeyObject,
  ...parts: readonly (Buffer | string)[]
): Buffer {
  const mac = createHmac(algorithm, key);
  for (const part of parts) mac.update(part);
  return mac.digest();
}

/** In constant time for what has the digest's length; a length tells nothing of a key. */
export function isDigest(digest: Buffer, claimed: Buffer): boolean {
  return digest.length === claimed.length && timingSafeEqual(digest, claimed);
}

/** The bytes of `name=<hex>` or `<hex>`, in letters of any case; undefined for anything else. */
export function hexDigest(value: string, name: "sha1" | "sha256"): Buffer | undefined {
  const prefix = `${name}=`;
  const text = value.trim();
  const hex = text.slice(0, prefix.length).toLowerCase() === prefix ? text.slice(prefix.length) : text;
  return hex.length === (name === "sha1" ? 40 : 64) && /^[0-9a-f]+$/i.test(hex)
    ? Buffer.from(hex, "hex")
    : undefined;
}

/** The bytes of strict base64; undefined for anything else: Node's own decoder takes any text. */
export function base64Digest(value: string): Buffer | undefined {
  const bytes = Buffer.from(value, "base64");
  return bytes.length > 0 && bytes.toString("base64") === value ? bytes : undefined;
}

export function stale(signedAtMs: number, { nowMs }: SignedRequest, toleranceSeconds: number, name: string) {
  if (Math.abs(nowMs - signedAtMs) <= toleranceSeconds * 1_000) return undefined;
  return {
    kind: "stale" as const,
    detail: `${name} is more than ${toleranceSeconds} s from now: the delivery is an old one, or one of the clocks is wrong.`,
  };
}

export function invalid(detail: string): Refusal {
  return { kind: "invalid", detail };
}
