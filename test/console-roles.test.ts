import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { expectAccessible, openPage, useBrowser } from "./browser.ts";
import { Browser, codeOf } from "./cookie-browser.ts";
import {
  acceptTicket,
  deskKey,
  jobEnded,
  postTicket,
  run,
  runJson,
  start,
  startWithDesk,
  temporaryDirectory,
  until,
} from "./harness.ts";

useBrowser();

const password = "correct horse battery staple";
const people = [
  ["vic", "viewer"],
  ["otto", "operator"],
  ["ada", "admin"],
  ["gina", "operator", "globex"],
] as const;

/** Two tenants with a ticket each, and people at the console's door: of `up` itself, or of a trace backend that passes on. */
async function startWithPeople(door: "up" | "traces") {
  const { up, desk, data } = await startWithDesk({ args: ["--access", "token"] });
  const secrets = ["--secret", "a secret of the tests", "--desk-key", deskKey];
  const added = await run([
    "tenant",
    "add",
    "globex",
    ...secrets,
    "--desk",
    desk.address("desk"),
    "--data",
    data,
  ]);
  expect(added.stderr).toBe("");
  const { job_id: acmeJob } = await acceptTicket(up.address("webhook"), "A-1");
  const globex = await until("globex to be known", async () => {
    const response = await postTicket(up.address("webhook"), { ticket_id: "G-1", tenant_id: "globex" });
    return response.status === 202 ? ((await response.json()) as { job_id: string }) : undefined;
  });
  await jobEnded(up.address("admin"), acmeJob);
  await jobEnded(up.address("admin"), globex.job_id);
  const at = door === "up" ? { console: up.address("console"), home: data } : await startBridge(up, data);
  const logIn = async (name: string): Promise<Browser> => {
    const browser = new Browser(at.console);
    await until(
      `${name} to be let in`,
      async () => (await browser.logIn(name, password)).headers.get("location") !== null,
    );
    return browser;
  };
  for (const [name, role, tenant] of people)
    await run(
      ["user", "add", name, "--role", role, ...(tenant ? ["--tenant", tenant] : []), "--data", at.home],
      { input: `${password}\n` },
    );
  return { ...at, data, acmeJob, globexJob: globex.job_id, logIn };
}

async function startBridge(up: { address: (part: string) => string }, data: string) {
  const args = ["token", "add", "bridge", "--scope", "admin", "--data", data];
  const { token } = await runJson<{ token: string }>(args);
  const home = await temporaryDirectory();
  const file = join(home, "token");
  await writeFile(file, `${token}\n`);
  const backend = await start(
    ["traces", "--access", "token", "--enhancer", up.address("admin"), "--enhancer-token-file", file],
    { data: home },
  );
  return { console: backend.address("console"), home };
}

const ticketsOf = async (browser: Browser): Promise<string[]> => {
  const response = await browser.go("/admin/api/tickets");
  const { tickets } = (await response.json()) as { tickets: { ticketId: string }[] };
  return tickets.map(({ ticketId }) => ticketId).sort();
};

test.each([
  ["up", "otto"],
  ["traces", "otto through bridge"],
] as const)(
  "`%s`: everybody sees and does with tickets what role and tenant allow; the audit log names %s",
  async (door, actor) => {
    const { console, data, acmeJob, globexJob, logIn } = await startWithPeople(door);
    const rerun = (job: string) => `/admin/api/jobs/${job}/rerun`;
    const nobody = await fetch(`${console}/admin/api/tickets`);
    expect(await codeOf(nobody)).toEqual([401, "TL_TOKEN_REQUIRED"]);

    const vic = await logIn("vic");
    expect(await ticketsOf(vic)).toEqual(["A-1", "G-1"]);
    expect(await vic.changeJson(rerun(acmeJob))).toEqual([403, "TL_ROLE"]);
    expect(await vic.changeJson("/admin/api/queue/pause")).toEqual([403, "TL_ROLE"]);
    expect(await vic.changeJson("/admin/api/tickets/acme/A-1/erase")).toEqual([403, "TL_ROLE"]);
    expect(await vic.status("/admin/api/queue")).toBe(200);
    expect(await vic.status("/admin/api/processes")).toBe(200);
    expect(await vic.status("/api/throughline/system")).toBe(200);

    const otto = await logIn("otto");
    const bare = { method: "POST", headers: { "content-type": "application/json" }, body: "{}" };
    expect(await codeOf(await otto.go(rerun(acmeJob), bare))).toEqual([403, "TL_CSRF_TOKEN"]);
    expect((await otto.changeJson(rerun(acmeJob), { force: true }))[0]).toBeLessThan(300);
    expect(await codeOf(await otto.go("/admin/api/tenants"))).toEqual([403, "TL_ROLE"]);

    const ada = await logIn("ada");
    expect(await ada.status("/admin/api/tenants")).toBe(200);

    const gina = await logIn("gina");
    expect(await ticketsOf(gina)).toEqual(["G-1"]);
    expect(await gina.status("/admin/api/tickets/acme/A-1")).not.toBe(200);
    expect((await gina.changeJson(rerun(acmeJob)))[0]).toBe(404);
    expect((await gina.changeJson("/admin/api/tickets/acme/A-1/erase"))[0]).toBe(403);
    expect(await codeOf(await gina.go("/admin/api/queue"))).toEqual([403, "TL_TOKEN_TENANT"]);
    expect(await codeOf(await gina.go("/api/throughline/system"))).toEqual([403, "TL_TOKEN_TENANT"]);
    expect((await gina.changeJson(rerun(globexJob), { force: true }))[0]).toBeLessThan(300);
    expect(await ticketsOf(vic)).toEqual(["A-1", "G-1"]);

    const { entries } = await runJson<{ entries: { actor: string; action: string; tenantId: string }[] }>([
      "audit",
      "list",
      "--data",
      data,
    ]);
    const reruns = entries.filter(({ action }) => action === "job.rerun");
    // The newest first.
    expect(reruns.map(({ actor: by, tenantId }) => [by, tenantId])).toEqual([
      [actor.replace("otto", "gina"), "globex"],
      [actor, "acme"],
    ]);
  },
);

test("the account tells who one is; sessions are ended there; who has no session any more is led to the login", async () => {
  const { console, logIn } = await startWithPeople("up");
  const { page, complaints } = await openPage(console);
  await page.goto("/services");
  await page.getByRole("textbox", { name: "Name" }).fill("ada");
  await page.getByRole("textbox", { name: "Password" }).fill(password);
  await page.getByRole("button", { name: "Log in" }).click();
  await page.getByRole("heading", { name: "Services" }).waitFor();
  const gina = await logIn("gina");
  const otherAda = await logIn("ada");

  await page.getByRole("button", { name: "Account: ada" }).click();
  const account = page.getByRole("dialog", { name: "Account" });
  await account.getByText("Logged in as ada, admin").waitFor();
  await account.getByText("this one").waitFor();
  await expectAccessible(page);
  await account.getByRole("button", { name: /^End the session of gina/ }).click();
  await page.getByRole("alertdialog").getByRole("button", { name: "End it" }).click();
  await page.getByText("The session is ended").first().waitFor();
  expect(await gina.status("/api/services")).toBe(401);
  expect(complaints).toEqual([]);
  await page.keyboard.press("Escape");

  const { sessions } = (await (await otherAda.go("/auth/sessions")).json()) as {
    sessions: { id: string; current: boolean }[];
  };
  for (const { id } of sessions.filter(({ current }) => !current))
    await otherAda.change(`/auth/sessions/${id}`, "DELETE");
  await page.goto("/services?lookback=6h", { waitUntil: "commit" }).catch(() => undefined);
  await page.waitForURL(/\/auth\/login\?next=%2Fservices%3Flookback%3D6h/);
});

test("a session that ends while the page is open leads to the login, and back afterwards", async () => {
  const { console, logIn } = await startWithPeople("up");
  const { page } = await openPage(console);
  await page.goto("/dependencies?view=matrix");
  await page.getByRole("textbox", { name: "Name" }).fill("vic");
  await page.getByRole("textbox", { name: "Password" }).fill(password);
  await page.getByRole("button", { name: "Log in" }).click();
  await page.getByRole("heading", { name: "Dependencies" }).waitFor();
  const vic = await logIn("vic");
  const { sessions } = (await (await vic.go("/auth/sessions")).json()) as {
    sessions: { id: string; current: boolean }[];
  };
  for (const { id } of sessions.filter(({ current }) => !current))
    await vic.change(`/auth/sessions/${id}`, "DELETE");
  // Without a new page: what it asks for next is answered by 401.
  await page.getByRole("navigation").getByRole("link", { name: "Services" }).click();
  await page.waitForURL(/\/auth\/login\?next=%2Fservices/);
});
