import { ThroughlineError } from "@throughline/api";
import { readFileSync } from "node:fs";
import { z } from "zod";
import { isLoopback } from "../runtime/address.ts";
import { duration, networks, optionalText } from "../runtime/setting-values.ts";
import type { OidcSettings } from "./oidc.ts";
import type { TrustedHeader } from "./people.ts";
import { parseRoleRules, type RoleRule } from "./roles.ts";

const headerName = z
  .string()
  .regex(/^[A-Za-z0-9-]+$/, "expected the name of a header such as X-Forwarded-User")
  .transform((name) => name.toLowerCase());

/** Settings of who may look at the console, beside tokens. */
export const loginSettings = {
  sessionLimit: duration("12h"),
  loginHeader: headerName.optional(),
  loginGroupsHeader: headerName.default("x-forwarded-groups"),
  loginProxies: networks(),
  loginRoles: z
    .string()
    .transform((text, context): readonly RoleRule[] => {
      const rules = parseRoleRules(text);
      if (rules !== undefined) return rules;
      context.addIssue({
        code: "custom",
        message: "expected rules such as admin=it-admins,viewer@acme=acme-desk,viewer=*",
      });
      return z.NEVER;
    })
    .default([]),
  oidcIssuer: z.url({ protocol: /^https?$/, error: "expected an https address" }).optional(),
  oidcClientId: optionalText,
  oidcClientSecretFile: optionalText,
  oidcScopes: z.string().default("openid profile email"),
  oidcGroupsClaim: z.string().default("groups"),
};

const settingsSchema = z.object(loginSettings);
type LoginSettings = z.infer<typeof settingsSchema> & { publicUrl?: string | undefined };

/** How they are called in help texts. */
export const loginTexts: Record<keyof typeof loginSettings, [placeholder: string, description: string]> = {
  sessionLimit: ["TIME", "how long a login to the console is good for (default 12h)"],
  loginHeader: [
    "NAME",
    "header in which a proxy of --login-proxies says who is logged in, such as X-Forwarded-User of oauth2-proxy",
  ],
  loginGroupsHeader: ["NAME", "header of their groups, separated by commas (default X-Forwarded-Groups)"],
  loginProxies: ["LIST", "addresses and networks whose --login-header is believed"],
  loginRoles: [
    "RULES",
    "which group is let in as what, the first that fits: admin=it-admins,viewer@acme=acme-desk,viewer=* (* is everybody)",
  ],
  oidcIssuer: ["URL", "OpenID Connect provider that people log in by; needs --public-url"],
  oidcClientId: ["ID", "of this console at the provider"],
  oidcClientSecretFile: ["FILE", "holds its secret (default: none, a public client)"],
  oidcScopes: ["SCOPES", 'what is asked of the provider (default "openid profile email")'],
  oidcGroupsClaim: ["NAME", "claim that lists a person's groups (default groups)"],
};

/** The proxy that is believed; undefined for none. Throws TL_SETTING_INVALID. */
export function trustedHeaderOf(settings: LoginSettings): TrustedHeader | undefined {
  const { loginHeader: name, loginGroupsHeader: groups, loginProxies: proxies } = settings;
  if (name === undefined) {
    if (proxies.length > 0) throw missing("--login-proxies", "--login-header, which they send");
    return undefined;
  }
  if (proxies.length === 0)
    throw missing("--login-header", "--login-proxies: else anybody could say to be anybody");
  if (settings.loginRoles.length === 0) throw missing("--login-header", "--login-roles");
  return { name, groups, proxies };
}

/** The identity provider; undefined for none. Throws TL_SETTING_INVALID. */
export function oidcOf(settings: LoginSettings): OidcSettings | undefined {
  const { oidcIssuer, oidcClientId: clientId, oidcClientSecretFile: secretFile, publicUrl } = settings;
  if (oidcIssuer === undefined) {
    if (clientId !== undefined) throw missing("--oidc-client-id", "--oidc-issuer");
    return undefined;
  }
  if (clientId === undefined) throw missing("--oidc-issuer", "--oidc-client-id");
  if (publicUrl === undefined)
    throw missing("--oidc-issuer", "--public-url, where the provider sends people back to");
  if (settings.loginRoles.length === 0) throw missing("--oidc-issuer", "--login-roles");
  const issuer = new URL(oidcIssuer);
  if (issuer.protocol === "http:" && !isLoopback(issuer.hostname.replace(/^\[|\]$/g, "")))
    throw new ThroughlineError(
      "TL_SETTING_INVALID",
      `--oidc-issuer is "${oidcIssuer}": expected https for a provider that is not on this machine.`,
    );
  return {
    issuer,
    clientId,
    clientSecret: secretFile === undefined ? undefined : secretOf(secretFile),
    scopes: settings.oidcScopes,
    groupsClaim: settings.oidcGroupsClaim,
    redirectUri: `${publicUrl}/auth/oidc/callback`,
  };
}

function missing(flag: string, other: string): ThroughlineError {
  return new ThroughlineError("TL_SETTING_INVALID", `${flag} needs ${other}.`);
}

function secretOf(file: string): string {
  try {
    const secret = readFileSync(file, "utf8").trim();
    if (secret !== "") return secret;
  } catch (cause) {
    throw new ThroughlineError(
      "TL_SETTING_INVALID",
      `--oidc-client-secret-file is "${file}": the file cannot be read.`,
      { cause },
    );
  }
  throw new ThroughlineError("TL_SETTING_INVALID", `--oidc-client-secret-file is "${file}": it is empty.`);
}
