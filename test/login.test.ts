import { Provider } from "oidc-provider";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { writeFile } from "node:fs/promises";
import { expect, onTestFinished, test } from "vitest";
import { Browser, type Me } from "./cookie-browser.ts";
import { run, runJson, start, startWithDesk, temporaryDirectory, until } from "./harness.ts";
import { freePort } from "./servers.ts";

const password = "correct horse battery staple";

const addUser = (data: string, name: string, ...args: string[]) =>
  run(["user", "add", name, ...args, "--data", data], { input: `${password}\n` });

test("where tokens are asked for, people log in by name and password, and may what their role says", async () => {
  const { up, data } = await startWithDesk({ args: ["--access", "token"] });
  const origin = up.address("console");
  const browser = new Browser(origin);

  // Whoever is nobody is led to the login, and probes are not.
  const led = await browser.go("/trace/abc?x=1");
  expect([led.status, led.headers.get("location")]).toEqual([303, "/auth/login?next=%2Ftrace%2Fabc%3Fx%3D1"]);
  expect((await fetch(origin)).status).toBe(200);
  expect(await (await browser.go("/auth/login")).text()).toContain("throughline user add NAME --role admin");

  expect((await addUser(data, "ada", "--role", "admin")).stdout).toBe("ada may log in as admin\n");
  await addUser(data, "vic", "--role", "viewer");
  await addUser(data, "otto", "--role", "operator", "--tenant", "acme");
  await until("the users to be known", async () =>
    (await (await browser.go("/auth/login")).text()).includes('name="password"'),
  );

  expect((await browser.logIn("ada", "wrong wrong wrong")).status).toBe(401);
  expect(await browser.me()).toEqual({ required: true, user: null, csrfToken: null });
  const inside = await browser.logIn("ada", password, "/trace/abc?x=1");
  expect([inside.status, inside.headers.get("location")]).toEqual([303, "/trace/abc?x=1"]);
  const [cookie] = inside.headers.getSetCookie();
  expect(cookie).toMatch(/^throughline=[\w-]{43}; Path=\/; Max-Age=43200; HttpOnly; SameSite=Lax$/);
  expect((await browser.me()).user).toMatchObject({
    name: "ada",
    role: "admin",
    tenant: null,
    way: "password",
  });
  expect(await browser.status("/api/services")).toBe(200);
  expect(await browser.status("/search")).toBe(200);

  const archive = `/api/archive/${"a".repeat(32)}`;
  // The cookie alone changes nothing: another site could make the browser send it.
  expect(await browser.status(archive, { method: "POST" })).toBe(403);
  expect(await browser.status(archive, { method: "POST", headers: { "x-csrf-token": "x".repeat(43) } })).toBe(
    403,
  );
  const foreign = { method: "POST", headers: { origin: "https://evil.example" } };
  expect(await browser.status("/auth/login", foreign)).toBe(403);
  expect(await browser.change(archive)).toBe(404);

  const viewer = new Browser(origin);
  await viewer.logIn("vic", password);
  expect(await viewer.status("/api/services")).toBe(200);
  expect(await viewer.change(archive)).toBe(403);

  // A link to the login page leads nowhere else.
  for (const next of ["https://evil.example", "//evil.example", "/\\evil.example", ""])
    expect((await new Browser(origin).logIn("vic", password, next)).headers.get("location")).toBe("/");

  // A new role counts within a second, a new password and a removal end the sessions.
  await run(["user", "password", "vic", "--data", data], { input: "another good password\n" });
  await until("the session to end", async () => (await viewer.status("/api/services")) === 401);
  const tenant = new Browser(origin);
  await tenant.logIn("otto", password);
  expect((await tenant.me()).user).toMatchObject({ role: "operator", tenant: "acme" });
  expect(await (await tenant.go("/api/services")).json()).toMatchObject({ data: [] });
  await run(["user", "remove", "otto", "--data", data]);
  await until("the user to be gone", async () => (await tenant.status("/api/services")) === 401);

  const other = new Browser(origin);
  await other.logIn("ada", password);
  const { sessions } = (await (await browser.go("/auth/sessions")).json()) as {
    sessions: { id: string; name: string; current: boolean }[];
  };
  expect(sessions.filter(({ name }) => name === "ada").map(({ current }) => current)).toEqual([true, false]);
  const otherId = sessions.findLast(({ name }) => name === "ada")?.id ?? "";
  expect(await browser.change(`/auth/sessions/${otherId}`, "DELETE")).toBe(204);
  expect(await other.status("/api/services")).toBe(401);
  expect(await browser.change("/auth/logout")).toBe(204);
  expect(await browser.status("/api/services")).toBe(401);

  const { entries } = await runJson<{ entries: { actor: string; action: string }[] }>([
    "audit",
    "list",
    "--data",
    data,
  ]);
  const actions = new Set(entries.map(({ action }) => action));
  for (const action of [
    "user.add",
    "user.password",
    "user.remove",
    "user.login",
    "user.logout",
    "session.end",
  ])
    expect(actions, action).toContain(action);
  expect(entries.filter(({ action }) => action === "user.login").map(({ actor }) => actor)).toContain("ada");
  expect(await runJson(["audit", "verify", "--data", data])).toMatchObject({ brokenAt: null });
});

test("people are asked who they are while spans come without a token, where the settings say so", async () => {
  const data = await temporaryDirectory();
  const traces = await start(["traces", "--access", "open", "--console-access", "token"], { data });
  expect((await fetch(`${traces.address("console")}/api/services`)).status).toBe(401);
  const spans = { method: "POST", headers: { "content-type": "application/json" }, body: "{}" };
  expect((await fetch(`${traces.address("otlpHttp")}/v1/traces`, spans)).status).toBe(200);
});

test("guessing a password becomes slow, and says so", async () => {
  const data = await temporaryDirectory();
  await addUser(data, "ada", "--role", "admin");
  const traces = await start(["traces", "--access", "token"], { data });
  const browser = new Browser(traces.address("console"));
  const statuses: number[] = [];
  // One is forgiven every ten seconds, and a hash takes its time.
  while (statuses.at(-1) !== 429 && statuses.length < 40)
    statuses.push((await browser.logIn("ada", `guess number ${statuses.length}`)).status);
  expect(statuses.slice(0, 10)).toEqual(Array.from({ length: 10 }, () => 401));
  expect(statuses.at(-1)).toBe(429);
  const throttled = await browser.logIn("ada", password);
  expect([throttled.status, await throttled.text()]).toEqual([429, expect.stringContaining("try again in")]);
});

test("users are added with an error for what is wrong", async () => {
  const data = await temporaryDirectory();
  const failures = [
    [["user", "add", "ada", "--data", data], "--role", 2],
    [["user", "add", "ada", "--role", "root", "--data", data], "viewer, operator, admin", 2],
    [["user", "add", "a b", "--role", "admin", "--data", data], "TL_USER_INVALID", 2],
    [["user", "password", "ada", "--data", data], "TL_USER_UNKNOWN", 1],
    [["user", "remove", "ada", "--data", data], "TL_USER_UNKNOWN", 1],
    [["user", "logout", "ada", "--data", data], "TL_SESSION_UNKNOWN", 1],
  ] as const;
  for (const [args, words, code] of failures) {
    const done = await run(args, { input: `${password}\n` });
    expect([done.code, done.stderr], args.join(" ")).toEqual([code, expect.stringContaining(words)]);
  }
  const short = await run(["user", "add", "ada", "--role", "admin", "--data", data], { input: "short\n" });
  expect([short.code, short.stderr]).toEqual([2, expect.stringContaining("12 to 1024 characters")]);
});

test("a proxy that is trusted says who is logged in, and nobody else does", async () => {
  const data = await temporaryDirectory();
  const settings = ["--access", "token", "--login-header", "X-Forwarded-User", "--login-roles"];
  const roles = "admin=it-admins,viewer=desk";
  const trusted = await start(["traces", ...settings, roles, "--login-proxies", "127.0.0.0/8"], { data });
  const ask = (origin: string, headers: Record<string, string>) =>
    fetch(`${origin}/api/services`, { headers }).then(({ status }) => status);
  const as = (groups: string) => ({ "x-forwarded-user": "ada@example.org", "x-forwarded-groups": groups });
  const origin = trusted.address("console");
  expect(await ask(origin, as("desk,others"))).toBe(200);
  expect(await ask(origin, as("others"))).toBe(403);
  expect(await ask(origin, {})).toBe(401);
  const archive = { method: "POST", headers: as("it-admins") };
  expect((await fetch(`${origin}/api/archive/${"a".repeat(32)}`, archive)).status).toBe(403);
  const me = (await (await fetch(`${origin}/auth/me`, { headers: as("it-admins") })).json()) as Me;
  expect(me.user).toMatchObject({ name: "ada@example.org", role: "admin", way: "header" });
  archive.headers = { ...archive.headers, "x-csrf-token": me.csrfToken ?? "" } as typeof archive.headers;
  expect((await fetch(`${origin}/api/archive/${"a".repeat(32)}`, archive)).status).toBe(404);

  const elsewhere = await temporaryDirectory();
  const far = await start(["traces", ...settings, roles, "--login-proxies", "192.0.2.1"], {
    data: elsewhere,
  });
  expect(await ask(far.address("console"), as("it-admins"))).toBe(401);
  for (const [wrong, words] of [
    [["--login-header", "X-Forwarded-User"], "--login-proxies"],
    [["--login-header", "X-User", "--login-proxies", "::1"], "--login-roles"],
    [["--login-roles", "root=x"], "admin=it-admins"],
    [["--oidc-issuer", "https://id.example"], "--oidc-client-id"],
    [["--oidc-issuer", "https://id.example", "--oidc-client-id", "x"], "--public-url"],
    [["--oidc-client-id", "x"], "--oidc-issuer"],
  ] as const) {
    const done = await run(["traces", ...wrong, "--data", await temporaryDirectory()]);
    expect([done.code, done.stderr], wrong.join(" ")).toEqual([2, expect.stringContaining(words)]);
  }
});

/** A certified OpenID Connect provider; whoever logs in there is the name that they type. */
async function startProvider(redirectUri: string): Promise<string> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const provider = new Provider(issuer, {
    clients: [{ client_id: "console", client_secret: "the client's secret", redirect_uris: [redirectUri] }],
    pkce: { required: () => true },
    claims: { openid: ["sub"], profile: ["preferred_username", "groups"], email: ["email"] },
    conformIdTokenClaims: false,
    findAccount: (_context, id) => ({
      accountId: id,
      claims: () => ({ sub: id, preferred_username: id, groups: id === "eve" ? ["others"] : ["it-admins"] }),
    }),
    cookies: { keys: ["a key of this test only"] },
  });
  server.on("request", provider.callback());
  onTestFinished(() => new Promise<void>((resolve) => void server.close(() => resolve())));
  return issuer;
}

/** Goes through the provider's own pages as a browser does; the answer of the console's callback. */
async function logInAtProvider(console: Browser, issuer: string, name: string): Promise<Response> {
  const started = await console.go("/auth/oidc?next=%2Fsearch");
  const provider = new Browser(issuer);
  let response = await provider.go(started.headers.get("location") ?? "");
  for (let step = 0; step < 20; step++) {
    const to = response.headers.get("location");
    if (to?.startsWith(console.origin)) return console.go(to);
    if (to !== null) response = await provider.go(to);
    else {
      const page = await response.text();
      const [, action = ""] = /action="([^"]+)"/.exec(page) ?? [];
      const prompt = page.includes('name="login"')
        ? { prompt: "login", login: name, password: "x" }
        : { prompt: "consent" };
      response = await provider.go(action, {
        method: "POST",
        headers: { "content-type": "application/x-www-form-urlencoded" },
        body: new URLSearchParams(prompt).toString(),
      });
    }
  }
  throw new Error("the provider did not come to an end");
}

test("people log in by an OpenID Connect provider, with the role of their group", async () => {
  const data = await temporaryDirectory();
  const port = await freePort();
  const origin = `http://127.0.0.1:${port}`;
  const issuer = await startProvider(`${origin}/auth/oidc/callback`);
  const secretFile = join(data, "oidc-secret");
  await writeFile(secretFile, "the client's secret\n");
  const settings = {
    "--access": "token",
    "--public-url": origin,
    "--oidc-issuer": issuer,
    "--oidc-client-id": "console",
    "--oidc-client-secret-file": secretFile,
    "--login-roles": "admin=it-admins",
  };
  await start(["traces", ...Object.entries(settings).flat()], {
    data,
    ports: [...otherPorts, "--console", `127.0.0.1:${port}`],
  });
  const browser = new Browser(origin);
  expect(await (await browser.go("/auth/login")).text()).toContain("Log in with your organisation");
  const landed = await logInAtProvider(browser, issuer, "ada");
  expect([landed.status, landed.headers.get("location")]).toEqual([303, "/search"]);
  expect((await browser.me()).user).toMatchObject({ name: "ada", role: "admin", way: "oidc" });
  expect(await browser.status("/api/services")).toBe(200);

  const eve = new Browser(origin);
  const refused = await logInAtProvider(eve, issuer, "eve");
  expect([refused.status, await refused.text()]).toEqual([403, expect.stringContaining("in no group")]);
  expect((await eve.me()).user).toBeNull();
  // An answer that this browser did not ask for is none: somebody else's login would be put upon it.
  const forged = await new Browser(origin).go("/auth/oidc/callback?code=x&state=y");
  expect([forged.status, await forged.text()]).toEqual([502, expect.stringContaining("another browser")]);
});

const otherPorts =
  "--admin --otlp-grpc --otlp-http --query-grpc --zipkin --jaeger-thrift --jaeger-compact --jaeger-binary"
    .split(" ")
    .flatMap((flag) => [flag, "127.0.0.1:0"]);
