import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { expectAccessible, openPage, overflows, useBrowser } from "./browser.ts";
import {
  acceptTicket,
  addTenant,
  adminFetch,
  deskKey,
  jobEnded,
  notesOf,
  postTicket,
  run,
  type Running,
  start,
  startWithDesk,
  temporaryDirectory,
  until,
} from "./harness.ts";

useBrowser();

/** Three tickets: one enhanced, one that the desk refuses, one slow; all ended. */
async function startDemo(): Promise<Running> {
  const demo = await start(["demo"], { data: await temporaryDirectory() });
  await until("three tickets to end", async () => {
    const response = await fetch(`${demo.address("console")}/admin/api/tickets`);
    const { tickets } = (await response.json()) as { tickets: { status: string }[] };
    return tickets.length === 3 && tickets.every(({ status }) => /success|failed/.test(status));
  });
  return demo;
}

const firstTicket = (page: Page) =>
  page.getByRole("table", { name: "Tickets" }).getByRole("rowheader").first();

test("by mouse: failed ones first, a ticket tells its story, its trace opens", async () => {
  const demo = await startDemo();
  const { page, complaints } = await openPage(demo.address("console"));
  await page.goto("/");
  await page.getByText("3 tickets, live").waitFor();
  await expectAccessible(page);
  await page.getByRole("button", { name: "Failed first" }).click();
  await page.waitForURL(/order=failed/);
  await until(
    "the failed one to be first",
    async () => (await firstTicket(page).textContent()) === "DEMO-403",
  );
  await page.getByRole("button", { name: "Slow first" }).click();
  await until("the slow one to be first", async () => (await firstTicket(page).textContent()) === "DEMO-900");
  await page.getByRole("group", { name: "Status" }).getByRole("button", { name: "Failed" }).click();
  await page.waitForURL(/status=failed/);
  await page.getByRole("link", { name: "DEMO-403" }).click();

  const why = page.getByRole("region", { name: "Why" });
  await why.getByText(/403 Forbidden/).waitFor();
  await why.getByText("api.servicedesk_plus.update_ticket").waitFor();
  await page
    .getByRole("region", { name: "What came in" })
    .getByText(/Shared mailbox/)
    .waitFor();
  const found = page.getByRole("region", { name: "What was found" });
  await found.getByText("Shared mailbox full").click();
  await found.getByText(/MAIL-3310/).waitFor();
  await page.getByRole("region", { name: "What was written" }).getByText("It is not on the desk.").waitFor();
  await page
    .getByRole("log")
    .getByText(/desk refused/i)
    .first()
    .waitFor();
  await expectAccessible(page);
  await why.getByRole("link", { name: "Open its trace" }).click();
  await page.waitForURL(/\/trace\/[0-9a-f]{32}\?span=/);
  expect(complaints).toEqual([]);
});

test("by keyboard: from a ticket's id to its cause in three steps, and from there to a retry", async () => {
  const demo = await startDemo();
  const { page, complaints } = await openPage(demo.address("console"), { colorScheme: "dark" });
  await page.goto("/");
  await page.getByText("3 tickets, live").waitFor();
  await expectAccessible(page);
  await page.keyboard.press("/");
  await page.keyboard.type("DEMO-403");
  await page.keyboard.press("Enter");
  await page
    .getByRole("region", { name: "Why" })
    .getByText(/403 Forbidden/)
    .waitFor();
  await page.getByRole("region", { name: "What was written" }).waitFor();
  await expectAccessible(page);

  const retry = page.getByRole("button", { name: "Retry" });
  await until("the focus to come to Retry", async () => {
    await page.keyboard.press("Tab");
    return retry.evaluate((one) => one === one.ownerDocument.activeElement);
  });
  await page.keyboard.press("Enter");
  const question = page.getByRole("alertdialog", { name: /Retry: DEMO-403/ });
  await question.waitFor();
  await expectAccessible(page);
  await until("the focus to come to Retry", async () => {
    await page.keyboard.press("Tab");
    return question
      .getByRole("button", { name: "Retry" })
      .evaluate((one) => one === one.ownerDocument.activeElement);
  });
  await page.keyboard.press("Enter");
  await page.getByText("It is queued again").first().waitFor();
  await page
    .getByRole("table", { name: /Attempts/ })
    .getByRole("row")
    .nth(2)
    .waitFor();

  await page.keyboard.press("t");
  await page.waitForURL(/\/trace\/[0-9a-f]{32}/);
  expect(complaints).toEqual([]);
});

test("a draft is approved, a trace pinned, a ticket erased: each is asked for once more", async () => {
  const data = await temporaryDirectory();
  const desk = await start(["simulate", "desk", "--key", deskKey], { data: `${data}/desk` });
  await addTenant(data, desk.address("desk"), ["--mode", "draft"]);
  const up = await start(["up"], { data });
  const { job_id: jobId, trace_id: traceId } = await acceptTicket(up.address("webhook"), "T-1");
  await jobEnded(up.address("admin"), jobId);
  const { page, complaints } = await openPage(up.address("console"));
  await page.goto("/ticket/T-1");
  await page.getByText("A draft waits for approval").waitFor();
  const act = async (name: string) => {
    await page.getByRole("group", { name: "Actions" }).getByRole("button", { name, exact: true }).click();
    await page.getByRole("alertdialog").getByRole("button", { name, exact: true }).click();
  };

  await page.getByRole("button", { name: "Approve draft" }).click();
  await page.getByRole("alertdialog").getByRole("button", { name: "Cancel" }).click();
  expect(await notesOf(desk.address("desk"), "T-1")).toEqual([]);
  await act("Approve draft");
  await page.getByText("The note is on the ticket").waitFor();
  expect(await notesOf(desk.address("desk"), "T-1")).toHaveLength(1);

  await act("Pin");
  await page.getByText("Its trace is pinned").first().waitFor();
  const storage = (await (await fetch(`${up.address("admin")}/api/storage`)).json()) as { pinned: string[] };
  expect(storage.pinned).toEqual([traceId]);

  await act("Erase");
  await page.getByText("T-1 is erased").first().waitFor();
  await page.getByText("No tickets yet").waitFor();
  await page.goto("/ticket/T-1?tenant=acme");
  await page.getByText("Nothing is known of T-1").waitFor();
  await expectAccessible(page);
  expect(complaints).toEqual([]);
});

test("why is there nothing: not sampled, paused, refused, without an enhancer", async () => {
  const { up, data } = await startWithDesk({
    env: { OTEL_TRACES_SAMPLER: "traceidratio", OTEL_TRACES_SAMPLER_ARG: "0" },
  });
  const { page } = await openPage(up.address("console"));
  await page.goto("/");
  await page.getByText("No tickets yet").waitFor();
  await expectAccessible(page);

  const { job_id: jobId } = await acceptTicket(up.address("webhook"), "T-0");
  await jobEnded(up.address("admin"), jobId);
  await page.goto("/ticket/T-0");
  await page.getByText(/Its trace is not stored: it was not sampled\. Of those/).waitFor();

  await adminFetch(up.address("admin"), "/queue/pause", { method: "POST" });
  await acceptTicket(up.address("webhook"), "T-1");
  await acceptTicket(up.address("webhook"), "T-2");
  await page.goto("/");
  await page.getByRole("link", { name: "T-2" }).click();
  await page
    .getByRole("region", { name: "Why" })
    .getByText(/The queue is paused/)
    .waitFor();
  await adminFetch(up.address("admin"), "/queue/resume", { method: "POST" });
  await page.getByText("The note is on the ticket").waitFor();

  const refused = await postTicket(
    up.address("webhook"),
    { ticket_id: "T-3" },
    { "x-servicedesk-signature": "sha256=00" },
  );
  expect(refused.status).toBe(401);
  await page.goto("/ticket/T-3");
  await page.getByText("Nothing is known of T-3").waitFor();
  await page.getByRole("link", { name: "webhooks that were refused" }).waitFor();

  await up.end();
  await page.goto("/").catch(() => undefined);
  const alone = await start(["traces"], { data });
  const { page: other } = await openPage(alone.address("console"));
  await other.goto("/");
  await other.getByText("No enhancer is connected").waitFor();
  await expectAccessible(other);
});

test("why is there nothing: filtered, still queued at its place, refused with the reason, deleted by retention", async () => {
  const data = await temporaryDirectory();
  const desk = await start(["simulate", "desk", "--key", deskKey, "--delay", "6s"], { data: `${data}/desk` });
  await addTenant(data, desk.address("desk"), ["--exclude", "priority=low"]);
  const up = await start(["up", "--concurrency", "1"], { data });
  const webhook = up.address("webhook");
  const { page, complaints } = await openPage(up.address("console"));

  const { job_id: jobId, trace_id: traceId } = await acceptTicket(webhook, "T-1");
  await until("the first one to be under way", async () => {
    const response = await fetch(`${up.address("console")}/admin/api/tickets?status=active`);
    return ((await response.json()) as { tickets: unknown[] }).tickets.length === 1;
  });
  await acceptTicket(webhook, "T-2");
  await acceptTicket(webhook, "T-3");
  await page.goto("/ticket/T-3");
  const why = page.getByRole("region", { name: "Why: Still queued" });
  await why.getByText("It is still queued, at place 2 of 2 of its tenant.").waitFor();

  const filtered = await postTicket(webhook, { ticket_id: "T-4", priority: "low" });
  expect([filtered.status, await filtered.json()]).toMatchObject([200, { reason: "filtered" }]);
  await until("its trace to be there", async () => {
    const found = await fetch(
      `${up.address("console")}/api/throughline/traces?where=webhook.ignored%20exists`,
    );
    return ((await found.json()) as { traces: unknown[] }).traces.length === 1;
  });
  await page.goto("/ticket/T-4");
  await page.getByRole("heading", { name: "T-4: its webhook was filtered" }).waitFor();
  await page.getByText("The tenant's filters exclude its priority.").waitFor();
  await expectAccessible(page);
  await page.getByRole("link", { name: "Open its trace" }).click();
  await page.waitForURL(/\/trace\/[0-9a-f]{32}/);

  const forged = { "x-servicedesk-signature": "sha256=00" };
  expect((await postTicket(webhook, { ticket_id: "T-5" }, forged)).status).toBe(401);
  await page.goto("/ticket/T-5");
  await page.getByRole("link", { name: "webhooks that were refused" }).click();
  await until("the refusal to be found", async () => {
    await page.getByRole("button", { name: "Find traces" }).click();
    return (
      (await page
        .getByRole("table", { name: "Traces" })
        .getByText(/signature/i)
        .count()) > 0
    );
  });

  await jobEnded(up.address("admin"), jobId);
  await page.goto("/ticket/T-1");
  await page.getByRole("region", { name: "Why: The note is on the ticket" }).waitFor();
  await page.getByRole("link", { name: "Open its trace", exact: true }).waitFor();
  // Its last spans come after the job's end, and are to be a second old.
  await until("its trace to be removed", async () => {
    await run(["storage", "clean", "--older-than", "1s", "--data", data]);
    return (await fetch(`${up.address("console")}/api/traces/${traceId}`)).status === 404;
  });
  await page.reload();
  await page.getByText(/Its trace is not stored\. .* were removed by retention at /).waitFor();
  // The browser itself logs that the trace is not found.
  expect(complaints.filter((text) => !text.includes("404"))).toEqual([]);
});

test("who is logged in does what the role allows, by name in the audit log", async () => {
  const { up, data } = await startWithDesk({ args: ["--access", "token"] });
  const { job_id: jobId } = await acceptTicket(up.address("webhook"), "T-1");
  await jobEnded(up.address("admin"), jobId);
  const password = "correct horse battery staple";
  for (const [name, role] of [
    ["vic", "viewer"],
    ["otto", "operator"],
  ] as const) {
    await run(["user", "add", name, "--role", role, "--data", data], { input: `${password}\n` });
    await until(`${name} to be known`, async () => {
      const body = new URLSearchParams({ name, password });
      const response = await fetch(`${up.address("console")}/auth/login`, {
        method: "POST",
        body,
        redirect: "manual",
        headers: { origin: up.address("console") },
      });
      return response.status === 303;
    });
    const { page, complaints } = await openPage(up.address("console"));
    await page.goto("/ticket/T-1?tenant=acme");
    await page.getByRole("textbox", { name: "Name" }).fill(name);
    await page.getByRole("textbox", { name: "Password" }).fill(password);
    await page.getByRole("button", { name: "Log in" }).click();
    await page.getByText("The note is on the ticket").waitFor();
    const actions = page.getByRole("group", { name: "Actions" });
    if (role === "operator") {
      await actions.getByRole("button", { name: "Pin" }).click();
      await page.getByRole("alertdialog").getByRole("button", { name: "Pin" }).click();
      await page.getByText("Its trace is pinned").first().waitFor();
      await actions.getByRole("button", { name: "Erase" }).click();
      await page.getByRole("alertdialog").getByRole("button", { name: "Erase" }).click();
      await page.getByText("T-1 is erased").first().waitFor();
      await page.getByRole("button", { name: "Account: otto" }).click();
      await page.getByText("Logged in as otto, operator").waitFor();
      await expectAccessible(page);
    } else {
      await page.getByRole("log").waitFor();
      await until("nothing to be offered", async () => (await actions.count()) === 0);
    }
    expect(complaints).toEqual([]);
  }
  const { stdout } = await run(["audit", "list", "--data", data]);
  for (const entry of [/otto +ticket\.erased +acme/, /otto +trace\.pinned/, /otto +traces\.erased +acme/])
    expect(stdout).toMatch(entry);
});

test("tickets fit a phone and a wide screen, in both themes, and hostile text does nothing", async () => {
  const { up } = await startWithDesk();
  const hostile = '<img src=x onerror="document.title=1"><b>bold</b>\u202Eright to left';
  const id = `TICKET-${"1234567890".repeat(8)}`;
  const { job_id: jobId } = await acceptTicket(up.address("webhook"), id, `${hostile} `.repeat(100));
  await jobEnded(up.address("admin"), jobId);
  for (const [width, colorScheme] of [
    [360, "dark"],
    [900, "light"],
    [2560, "light"],
  ] as const) {
    const { page, complaints } = await openPage(up.address("console"), {
      viewport: { width, height: 800 },
      colorScheme,
    });
    await page.goto("/");
    await page.getByRole("table", { name: "Tickets" }).getByRole("link").first().waitFor();
    expect(await overflows(page)).toBe(false);
    await page.getByRole("table", { name: "Tickets" }).getByRole("link").first().click();
    await page.getByRole("region", { name: "What came in" }).getByText(hostile.slice(0, 40)).waitFor();
    await page.getByRole("log").waitFor();
    expect(await overflows(page)).toBe(false);
    await expectAccessible(page);
    expect(await page.title()).toBe("Throughline");
    expect(complaints).toEqual([]);
  }
});
