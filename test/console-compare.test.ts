import { expect, test } from "vitest";
import { expectAccessible, openPage, useBrowser } from "./browser.ts";
import { olderShop, olderTrace, sendTrace, shop, shopTrace } from "./console-trace-spans.ts";
import { start, temporaryDirectory } from "./harness.ts";

useBrowser();
const limit = { timeout: 240_000 };

async function shops() {
  const running = await start(["traces"], { data: await temporaryDirectory() });
  await sendTrace(running.address("otlpHttp"), shopTrace, shop);
  await sendTrace(running.address("otlpHttp"), olderTrace, olderShop);
  return running;
}

test("two traces are compared: what is only in one, and what got slower", limit, async () => {
  const running = await shops();
  const { page, complaints } = await openPage(running.address("console"));
  await page.goto(`/trace/${olderTrace}`);
  await page.getByRole("main").getByRole("link", { name: "Compare" }).click();
  await page.getByLabel("After (B)").fill(`${running.address("console")}/trace/${shopTrace}?view=flame`);
  await page.keyboard.press("Enter");
  await page.getByRole("row").filter({ hasText: "check voucher" }).getByText("only in A").waitFor();
  await page.getByRole("row").filter({ hasText: "charge card" }).getByText("only in B").waitFor();
  const query = page.getByRole("row").filter({ hasText: "SELECT stock" });
  expect(await query.textContent()).toContain("+380 ms (+950 %)");
  await page.getByText(/Slower: SELECT stock of worker itself takes 380 ms more/).waitFor();
  await page.getByRole("button", { name: "Swap" }).click();
  await page.getByRole("row").filter({ hasText: "check voucher" }).getByText("only in B").waitFor();
  expect(complaints).toEqual([]);
});

test("two searches are compared, and what names neither is said", limit, async () => {
  const running = await shops();
  const { page } = await openPage(running.address("console"));
  await page.goto(`/compare?a=${encodeURIComponent("status=error")}&b=service%3Dweb`);
  await page
    .getByText(/^Nothing that is in both|^Slower/)
    .first()
    .waitFor();
  await page.goto(`/compare?a=the+slow+ones&b=${shopTrace}`);
  await page.getByText("A names neither traces nor a search").waitFor();
  await page.goto(`/compare?a=${"1".repeat(32)}&b=${shopTrace}`);
  await page.getByText("A has no traces").waitFor();
});

test("what the failed have that the rest have not leads to a search for it", limit, async () => {
  const running = await start(["traces"], { data: await temporaryDirectory() });
  for (let at = 0; at < 12; at++) {
    const isBad = at % 3 === 0;
    await sendTrace(running.address("otlpHttp"), (at + 1).toString(16).padStart(32, "d"), [
      {
        id: 1,
        name: "order",
        from: at,
        until: at + 5,
        attributes: { "app.version": isBad ? "2.0" : "1.9", region: "eu" },
        ...(isBad ? { error: "refused" } : {}),
      },
    ]);
  }
  const { page, complaints } = await openPage(running.address("console"));
  await page.goto("/search");
  await page.getByRole("link", { name: "What is different about the failed?" }).click();
  await page.getByText("4 traces failed against 8 others.").waitFor();
  const version = page.getByRole("row").filter({ hasText: "app.version" }).filter({ hasText: "2.0" });
  expect(await version.textContent()).toContain("100 %");
  expect(await page.getByText("region").count()).toBe(0);
  await expectAccessible(page);
  await version.getByRole("link").click();
  await page.waitForURL(/search\?tags=app.version/);
  expect(complaints).toEqual([]);
});
