/** Errors of logging in to the console; part of the one error table. */
export const loginErrors = {
  TL_CSRF_TOKEN: {
    status: 403,
    title: "A change was asked for that does not come from the console's own page",
    remedy: "Reload the page; scripts send a token (`throughline token add`) in place of a session's cookie.",
  },
  TL_LOGIN_NOT_ALLOWED: {
    status: 403,
    title: "The identity provider knows the user, but no rule lets the user in",
    remedy: "Add the user to a group that --login-roles names, or name one of the user's groups there.",
  },
  TL_LOGIN_THROTTLED: {
    status: 429,
    title: "Too many wrong passwords came from this address or for this name",
    remedy: "Wait as long as the message says; `throughline user password NAME` sets a new password.",
  },
  TL_OIDC_FAILED: {
    status: 502,
    title: "The login by the identity provider did not succeed",
    remedy:
      "Start the login again; if it repeats, check --oidc-issuer, the client's id and secret, and that the provider allows PUBLIC-URL/auth/oidc/callback.",
  },
  TL_ROLE: {
    status: 403,
    title: "The role of whoever is logged in does not allow this",
    remedy: "Ask an administrator, or for another role (`throughline user list` shows them).",
  },
  TL_SESSION_UNKNOWN: {
    status: 404,
    title: "No such session",
    remedy: "It may have ended: list the sessions with `throughline user sessions`.",
  },
  TL_USER_EXISTS: {
    status: null,
    title: "There is a user of this name",
    remedy: "Choose another name, or set a new password with `throughline user password NAME`.",
  },
  TL_USER_INVALID: {
    status: null,
    title: "The user's name, role, tenant or password is not usable",
    remedy: "Give what the message asks for.",
  },
  TL_USER_UNKNOWN: {
    status: null,
    title: "No such user",
    remedy: "List the users with `throughline user list`.",
  },
} as const;
