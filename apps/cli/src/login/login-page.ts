/** The page that asks who somebody is: it stands on its own, so that it serves Jaeger's UI too, and works without scripts. */
export const loginStyles = `
:root{color-scheme:light dark;--ground:#f6f7f9;--card:#fff;--ink:#16202b;--quiet:#55626f;--line:#c9d1da;--accent:#0b66c3;--on-accent:#fff;--error:#a8201a}
@media(prefers-color-scheme:dark){:root{--ground:#10151b;--card:#181f27;--ink:#e7edf3;--quiet:#9fadba;--line:#3a4652;--accent:#6cb2ff;--on-accent:#08131f;--error:#ff9b94}}
*{box-sizing:border-box}
body{margin:0;min-height:100vh;display:grid;place-items:center;padding:1rem;background:var(--ground);color:var(--ink);font:16px/1.5 system-ui,sans-serif}
main{width:100%;max-width:22rem;background:var(--card);border:1px solid var(--line);border-radius:12px;padding:2rem}
h1{margin:0;font-size:1.4rem}
p{margin:.25rem 0 1.25rem;color:var(--quiet)}
label{display:block;margin:0 0 1rem;font-weight:600}
input{display:block;width:100%;margin-top:.25rem;padding:.6rem .7rem;font:inherit;color:inherit;background:var(--ground);border:1px solid var(--line);border-radius:8px}
button,.button{display:block;width:100%;padding:.65rem;font:inherit;font-weight:600;text-align:center;text-decoration:none;border:1px solid var(--accent);border-radius:8px;background:var(--accent);color:var(--on-accent);cursor:pointer}
.button{margin-top:.75rem;background:transparent;color:var(--accent)}
:focus-visible{outline:3px solid var(--accent);outline-offset:2px}
[role=alert]{margin:0 0 1rem;color:var(--error);font-weight:600}
`;

export interface LoginPage {
  /** Where to go on, a path of this origin. */
  next: string;
  /** Whether it asks for a name and a password. */
  password: boolean;
  /** Whether an identity provider can be asked. */
  oidc: boolean;
  name?: string;
  /** What went wrong. */
  error?: string | undefined;
}

export function loginPage({ next, password, oidc, name = "", error }: LoginPage): string {
  const alert = error === undefined ? "" : `<p role="alert">${escaped(error)}</p>`;
  const form = `<form method="post" action="/auth/login"><input type="hidden" name="next" value="${escaped(next)}"><label>Name<input name="name" autocomplete="username" autocapitalize="none" spellcheck="false" required maxlength="64" value="${escaped(name)}"${name === "" ? " autofocus" : ""}></label><label>Password<input name="password" type="password" autocomplete="current-password" required maxlength="1024"${name === "" ? "" : " autofocus"}></label><button>Log in</button></form>`;
  const provider = `<a class="button" href="/auth/oidc?next=${encodeURIComponent(next)}">Log in with your organisation</a>`;
  const nobody = `<p>Nobody can log in yet. Add the first user where Throughline runs: <code>throughline user add NAME --role admin</code></p>`;
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><meta name="robots" content="noindex"><title>Log in - Throughline</title><link rel="stylesheet" href="/auth/login.css"></head><body><main><h1>Throughline</h1><p>One ticket, one trace.</p>${alert}${password ? form : ""}${oidc ? provider : ""}${password || oidc ? "" : nobody}</main></body></html>`;
}

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);
}
