import type { Logins } from "@throughline/traces";
import type { FastifyInstance } from "fastify";
import type { Settings } from "../config.ts";
import { loginRoutes, type LoginRouteDependencies } from "./login-routes.ts";
import { Oidc } from "./oidc.ts";
import { People } from "./people.ts";
import { SessionStore } from "./sessions.ts";
import { oidcOf, trustedHeaderOf } from "./settings.ts";
import { UserStore } from "./users.ts";

/**
 * People who log in to the console: users of the data directory, of an OpenID Connect provider, or of a proxy that is trusted.
 * Throws TL_SETTING_INVALID.
 */
export function createLogins(
  directory: string,
  settings: Settings,
  deps: Pick<LoginRouteDependencies, "isRequired" | "record" | "logger">,
): Logins & { mount: (server: FastifyInstance) => void } {
  const header = trustedHeaderOf(settings);
  const oidc = oidcOf(settings);
  const isSecure = settings.consoleTlsCert !== undefined || settings.publicUrl?.startsWith("https:") === true;
  // A page of a neighbouring name cannot set a cookie with this prefix (RFC 6265bis), but TLS is asked for.
  const cookieName = isSecure ? "__Host-throughline" : "throughline";
  const users = new UserStore(directory);
  const sessions = new SessionStore(directory);
  const rules = settings.loginRoles;
  const people = new People({ users, sessions, rules, header, cookieName });
  if (deps.isRequired && header === undefined && oidc === undefined && users.isEmpty())
    deps.logger.warn(
      "nobody can log in to the console: `throughline user add NAME --role admin` adds the first user",
    );
  return {
    principalOf: (request) => people.principalOf(request),
    mount: (server) =>
      loginRoutes(server, {
        ...deps,
        people,
        users,
        sessions,
        oidc: oidc === undefined ? undefined : new Oidc(oidc),
        rules,
        sessionMs: settings.sessionLimit,
        isSecure,
        cookieName,
      }),
  };
}
