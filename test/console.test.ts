import { expect, test } from "vitest";
import { openPage, useBrowser } from "./browser.ts";
import { acceptTicket, jobEnded, named, startWithDesk, traceWith } from "./harness.ts";

useBrowser();

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

    const { page, complaints } = await openPage(up.address("console"));
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
  },
);

test("an unknown trace says what to do next", { timeout: 120_000 }, async () => {
  const { up } = await startWithDesk();
  const { page } = await openPage(up.address("console"));
  await page.goto(`${up.address("console")}/trace/${"a".repeat(32)}`);
  await page
    .getByText(/no such trace|not found|nothing is stored/i)
    .first()
    .waitFor();
});
