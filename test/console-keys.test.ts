import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { openPage, useBrowser } from "./browser.ts";
import { olderShop, olderTrace, sendTrace, shop, shopTrace } from "./console-trace-spans.ts";
import { start, temporaryDirectory, until } from "./harness.ts";

useBrowser();
const limit = { timeout: 180_000 };

/** The mouse is never used here: what is clicked is what has the focus. */
const focused = (page: Page) =>
  page.evaluate<string>(
    "document.activeElement.getAttribute('aria-label') ?? document.activeElement.textContent",
  );

async function tabTo(page: Page, name: string | RegExp): Promise<void> {
  await until(`the focus to come to ${String(name)}`, async () => {
    await page.keyboard.press("Tab");
    const now = await focused(page);
    return typeof name === "string" ? now.trim() === name : name.test(now);
  });
}

test(
  "by keys alone: from the list of tickets to a ticket, its trace, the failed span and its cause",
  limit,
  async () => {
    const demo = await start(["demo"], { data: await temporaryDirectory() });
    await until("three tickets to end", async () => {
      const response = await fetch(`${demo.address("console")}/admin/api/tickets`);
      const { tickets } = (await response.json()) as { tickets: { status: string }[] };
      return tickets.length === 3 && tickets.every(({ status }) => /success|failed/.test(status));
    });
    const { page, complaints } = await openPage(demo.address("console"));
    await page.goto("/");
    await page.getByText("3 tickets, live").waitFor();
    await page.keyboard.press("j");
    expect(await focused(page)).toBe("DEMO-900");
    await page.keyboard.press("f");
    await page.waitForURL(/order=failed/);
    await until("the failed one to be first", async () => {
      const first = page.getByRole("table", { name: "Tickets" }).getByRole("rowheader").first();
      return (await first.textContent()) === "DEMO-403";
    });
    await until("the failed one to have the focus", async () => {
      if ((await focused(page)) === "DEMO-403") return true;
      await page.keyboard.press("k");
      return false;
    });
    await page.keyboard.press("Enter");
    await page.getByRole("region", { name: "Why: Failed" }).getByText("First cause").waitFor();
    await page.keyboard.press("t");
    await page.waitForURL(/\/trace\/[0-9a-f]{32}/);
    await page.getByRole("treegrid", { name: "Spans" }).waitFor();
    await page.keyboard.press("e");
    const panel = page.getByRole("complementary", { name: "Span" });
    await panel.getByRole("note", { name: "Error" }).waitFor();
    await until("the deepest failed span", async () => {
      if (await panel.getByRole("heading", { name: "api.servicedesk_plus.update_ticket" }).isVisible())
        return true;
      await page.keyboard.press("e");
      return false;
    });
    await panel
      .getByRole("note", { name: "Error" })
      .getByText(/403 Forbidden/)
      .first()
      .waitFor();
    // Escape is the dialog's while one is open.
    await page.keyboard.press("?");
    const keys = page.getByRole("dialog", { name: "Keyboard" });
    await keys.getByText("close the span, then show the whole trace").waitFor();
    await page.keyboard.press("Escape");
    await keys.waitFor({ state: "detached" });
    expect(await panel.count()).toBe(1);
    await page.keyboard.press("Escape");
    await panel.waitFor({ state: "detached" });
    for (const [key, view] of [
      ["2", "flame"],
      ["3", "statistics"],
      ["4", "graph"],
      ["5", "json"],
    ] as const) {
      await page.keyboard.press(key);
      await page.waitForURL(new RegExp(`view=${view}`));
    }
    await page.keyboard.press("1");
    await page.getByRole("treegrid", { name: "Spans" }).waitFor();
    expect(complaints).toEqual([]);
  },
);

test(
  "by keys alone: traces are ticked in the search and compared; what differs is read and swapped",
  limit,
  async () => {
    const backend = await start(["traces"], { data: await temporaryDirectory() });
    await sendTrace(backend.address("otlpHttp"), shopTrace, shop);
    await sendTrace(backend.address("otlpHttp"), olderTrace, olderShop);
    const { page, complaints } = await openPage(backend.address("console"));
    await page.goto("/search");
    await page.getByRole("heading", { name: "2 traces" }).waitFor();
    await page.keyboard.press("j");
    await page.keyboard.press("x");
    await page.keyboard.press("j");
    await page.keyboard.press("x");
    await page.getByText("2 traces selected").waitFor();
    // Unticked, and ticked again.
    await page.keyboard.press("x");
    await page.getByText("1 trace selected").waitFor();
    await page.keyboard.press("x");
    await page.getByText("2 traces selected").waitFor();
    await page.keyboard.press("C");
    await page.waitForURL(/\/compare\?a=[0-9a-f]{32}&b=[0-9a-f]{32}/);
    const row = page.getByRole("row").filter({ hasText: "charge card" });
    const side = await row.getByText(/only in [AB]/).textContent();
    await tabTo(page, "Swap");
    await page.keyboard.press("Enter");
    await row.getByText(side === "only in A" ? "only in B" : "only in A").waitFor();
    await tabTo(page, "Calls of both sides");
    await page.keyboard.press("g");
    await page.keyboard.press("t");
    await page.getByText("No enhancer is connected").waitFor();
    expect(complaints.filter((text) => !text.includes("404"))).toEqual([]);
  },
);
