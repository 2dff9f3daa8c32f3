import { ThroughlineError } from "@throughline/api";
import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import type { Configuration } from "openid-client";
import { z } from "zod";

export interface OidcSettings {
  issuer: URL;
  clientId: string;
  /** undefined: a public client. */
  clientSecret: string | undefined;
  scopes: string;
  groupsClaim: string;
  /** As the provider knows it: `--public-url` and `/auth/oidc/callback`. */
  redirectUri: string;
}

/** What the provider says of somebody. */
export interface Identity {
  name: string;
  groups: string[];
  /** Where they wanted to go. */
  next: string;
}

const startedSchema = z.object({
  state: z.string(),
  nonce: z.string(),
  verifier: z.string(),
  next: z.string(),
  untilMs: z.number(),
});
/** So long somebody may take at their provider. */
export const startedForMs = 10 * 60_000;
const providerTimeoutSeconds = 10;

/** OpenID Connect's code flow with PKCE (RFC 7636), by `openid-client`, which is loaded when somebody first logs in by it. */
export class Oidc {
  private readonly settings: OidcSettings;
  /** Signs what a browser keeps of a login under way, so that this process keeps nothing. */
  private readonly key = randomBytes(32);
  private configuration: Promise<Configuration> | undefined;

  constructor(settings: OidcSettings) {
    this.settings = settings;
  }

  /** Where the browser goes, and the cookie that it brings back. Throws TL_OIDC_FAILED. */
  async start(next: string): Promise<{ url: string; cookie: string }> {
    const client = await import("openid-client");
    const configuration = await this.configured();
    const started = {
      state: client.randomState(),
      nonce: client.randomNonce(),
      verifier: client.randomPKCECodeVerifier(),
      next,
      untilMs: Date.now() + startedForMs,
    };
    const url = client.buildAuthorizationUrl(configuration, {
      redirect_uri: this.settings.redirectUri,
      scope: this.settings.scopes,
      state: started.state,
      nonce: started.nonce,
      code_challenge: await client.calculatePKCECodeChallenge(started.verifier),
      code_challenge_method: "S256",
    });
    return { url: url.href, cookie: this.sign(JSON.stringify(started)) };
  }

  /** `query`: of the callback, with its `?`; `cookie`: of `start`. Throws TL_OIDC_FAILED. */
  async finish(query: string, cookie: string | undefined): Promise<Identity> {
    const { state, nonce, verifier, next } = this.startedOf(cookie);
    const client = await import("openid-client");
    const configuration = await this.configured();
    try {
      const answer = new URL(query, this.settings.redirectUri);
      const tokens = await client.authorizationCodeGrant(configuration, answer, {
        pkceCodeVerifier: verifier,
        expectedState: state,
        expectedNonce: nonce,
        idTokenExpected: true,
      });
      const claims: Record<string, unknown> = tokens.claims() ?? {};
      const name = [claims["preferred_username"], claims["email"], claims["sub"]].find(
        (claim) => typeof claim === "string" && claim !== "",
      );
      return { name: String(name).slice(0, 200), groups: textsOf(claims[this.settings.groupsClaim]), next };
    } catch (cause) {
      throw failed(cause);
    }
  }

  /** The provider's metadata, asked for again after it could not be had. */
  private async configured(): Promise<Configuration> {
    this.configuration ??= this.discover();
    try {
      return await this.configuration;
    } catch (cause) {
      this.configuration = undefined;
      throw failed(cause);
    }
  }

  private async discover(): Promise<Configuration> {
    const client = await import("openid-client");
    const { issuer, clientId, clientSecret } = this.settings;
    const found = await client.discovery(
      issuer,
      clientId,
      undefined,
      clientSecret === undefined ? client.None() : client.ClientSecretBasic(clientSecret),
      {
        timeout: providerTimeoutSeconds,
        // Settings let plain HTTP through for a provider on this machine only.
        execute: issuer.protocol === "http:" ? [client.allowInsecureRequests] : [],
      },
    );
    client.enableNonRepudiationChecks(found);
    return found;
  }

  private sign(text: string): string {
    const payload = Buffer.from(text).toString("base64url");
    return `${payload}.${this.macOf(payload)}`;
  }

  private startedOf(cookie: string | undefined): z.infer<typeof startedSchema> {
    const [payload = "", mac = ""] = (cookie ?? "").split(".");
    const expected = this.macOf(payload);
    const isOurs = mac.length === expected.length && timingSafeEqual(Buffer.from(mac), Buffer.from(expected));
    const started = isOurs
      ? startedSchema.parse(JSON.parse(Buffer.from(payload, "base64url").toString("utf8")))
      : undefined;
    if (started === undefined || started.untilMs < Date.now())
      throw new ThroughlineError("TL_OIDC_FAILED", "The login took too long, or began in another browser.");
    return started;
  }

  private macOf(payload: string): string {
    return createHmac("sha256", this.key).update(payload).digest("base64url");
  }
}

function textsOf(claim: unknown): string[] {
  if (typeof claim === "string") return [claim];
  return Array.isArray(claim) ? claim.filter((one): one is string => typeof one === "string") : [];
}

function failed(cause: unknown): ThroughlineError {
  if (cause instanceof ThroughlineError) return cause;
  const why = cause instanceof Error ? cause.message : String(cause);
  return new ThroughlineError("TL_OIDC_FAILED", `The identity provider's answer cannot be used: ${why}.`, {
    cause,
  });
}
