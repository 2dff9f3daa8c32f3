import { randomBytes } from "node:crypto";
import type { TenantSettings } from "./settings.ts";

/** A webhook secret in the form that the scheme has: 32 random bytes. */
export function newWebhookSecret(scheme: TenantSettings["webhook"]["scheme"] | undefined): string {
  const bytes = randomBytes(32);
  return scheme === "standard-webhooks" ? `whsec_${bytes.toString("base64")}` : bytes.toString("base64url");
}

const shownCharacters = 4;
const longEnough = 16;

/** What may be shown of a secret: its last four characters, where that leaves enough to guess. */
export function hintOf(secret: string): string {
  return secret.length < longEnough ? "set" : `...${secret.slice(-shownCharacters)}`;
}
