import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { acceptTicket, jobEnded, named, startWithDesk, traceWith } from "./harness.ts";
import { program } from "./programs.ts";

let browser: Browser;

beforeAll(async () => {
  const quiet = [
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
  ];
  browser = await chromium.launch({ executablePath: program("chromium"), args: ["--no-sandbox", ...quiet] });
}, 300_000);

afterAll(async () => {
  await browser.close();
});

/** A page that fails the test when it logs an error or breaks its content security policy. */
async function openPage(): Promise<{ page: Page; complaints: string[] }> {
  const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
  const complaints: string[] = [];
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("console", (message) => {
    if (message.type() === "error") complaints.push(message.text());
  });
  return { page, complaints };
}

test(
  "a ticket is found by its id, its trace opens, and a span shows its attributes",
  { timeout: 120_000 },
  async () => {
    const { up } = await startWithDesk();
    const { job_id: jobId, trace_id: traceId } = await acceptTicket(up.address("webhook"), "TICKET-456");
    await jobEnded(up.address("admin"), jobId);
    await traceWith(
      up.address("console"),
      traceId,
      (found) => named(found, "enhance_ticket").length === 1 && named(found, "job_queued").length === 1,
    );

    const { page, complaints } = await openPage();
    await page.goto(up.address("console"));
    await page.getByText("TICKET-456").first().waitFor();
    await page.goto(`${up.address("console")}/trace/${traceId}`);
    await page.getByText("api.servicedesk_plus.update_ticket").first().waitFor();
    await page.getByText("Bottleneck").first().waitFor();
    await page.getByText("context.documentation").first().click();
    await page.getByText("cache.hit").first().waitFor();
    expect(page.url()).toContain("span=");
    await page.goto(
      `${up.address("console")}/search?service=ai-agents-enhancement&tags=${encodeURIComponent("ticket.id=TICKET-456")}`,
    );
    await page.getByText("TICKET-456").first().waitFor();
    expect(complaints).toEqual([]);
    await page.close();
  },
);

test("an unknown trace says what to do next", { timeout: 120_000 }, async () => {
  const { up } = await startWithDesk();
  const { page } = await openPage();
  await page.goto(`${up.address("console")}/trace/${"a".repeat(32)}`);
  await page
    .getByText(/no such trace|not found|nothing is stored/i)
    .first()
    .waitFor();
  await page.close();
});
