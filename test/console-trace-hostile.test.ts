import { expect, test } from "vitest";
import { expectAccessible, openPage, useBrowser } from "./browser.ts";
import { crowded, crowdedTrace, hostile, hostileTrace, sendTrace } from "./console-trace-spans.ts";
import { start, temporaryDirectory } from "./harness.ts";

useBrowser();
const limit = { timeout: 180_000 };

test("hostile spans neither break the page nor run anything, in any view", limit, async () => {
  const running = await start(["traces"], { data: await temporaryDirectory() });
  await sendTrace(running.address("otlpHttp"), hostileTrace, hostile);
  const { page, complaints } = await openPage(running.address("console"));
  await page.goto(`/trace/${hostileTrace}`);
  const grid = page.getByRole("treegrid", { name: "Spans" });
  await grid.waitFor();
  expect(await grid.getAttribute("aria-rowcount")).toBe("12");
  await page
    .getByRole("row")
    .filter({ hasText: "before itself" })
    .getByText("ends before it starts")
    .waitFor();
  await page.getByRole("row").filter({ hasText: "nobody's child" }).getByText("parent missing").waitFor();
  await grid.focus();
  for (let step = 0; step < 11; step++) {
    await page.keyboard.press("Enter");
    await page
      .getByRole("complementary", { name: "Span" })
      .getByText(/^span [0-9a-f]{16}$/)
      .waitFor();
    await page.keyboard.press("ArrowDown");
  }
  await page.goto(`/trace/${hostileTrace}?span=000000000000000a`);
  // A value of a million characters: the backend keeps 262,144 and says so, the page shows 2,000 until it is asked for more.
  const large = page.getByRole("row").filter({ hasText: "megabyte" });
  await large.getByText("Cut before it was stored: 737,856 more characters came.").waitFor();
  const shown = async (): Promise<number> => (await large.locator(".value").textContent())?.length ?? 0;
  expect(await shown()).toBe(2_000);
  await large.getByRole("button", { name: /^Show all 262,1\d\d characters$/ }).click();
  await expect.poll(shown).toBeGreaterThan(262_144);
  await page.getByRole("button", { name: "Close the panel" }).click();
  expect(await page.getByRole("row").filter({ hasText: "megabyte" }).count()).toBe(0);
  for (const view of ["flame", "statistics", "graph", "json"]) {
    await page.goto(`/trace/${hostileTrace}?view=${view}`);
    await page.locator(".trace-body > :not(.skeleton)").first().waitFor();
    await page.locator(".skeleton").first().waitFor({ state: "detached" });
  }
  await page.goto(`/compare?a=${hostileTrace}&b=${hostileTrace}`);
  await page.getByRole("treegrid").waitFor();
  await page.goto("/differences");
  await page
    .getByText(/traces? here/)
    .first()
    .waitFor();
  expect(await page.evaluate("window.pwned")).toBeUndefined();
  expect(complaints).toEqual([]);
});

test("10,000 services in one trace are shown, folded and counted", limit, async () => {
  const running = await start(["traces"], { data: await temporaryDirectory() });
  await sendTrace(running.address("otlpHttp"), crowdedTrace, crowded);
  const { page, complaints } = await openPage(running.address("console"));
  await page.goto(`/trace/${crowdedTrace}`);
  const grid = page.getByRole("treegrid", { name: "Spans" });
  await grid.waitFor();
  expect(await grid.getAttribute("aria-rowcount")).toBe("10001");
  await page.getByText("9,988 more").waitFor();
  // The first click after scrolling is on what stands below the pointer.
  await page.getByRole("row").filter({ hasText: "call 5service" }).hover();
  await page.mouse.wheel(0, 6_000);
  const far = page.getByRole("row").filter({ hasText: "call 240service" });
  await far.click();
  await page
    .getByRole("complementary", { name: "Span" })
    .getByRole("heading", { name: "call 240" })
    .waitFor();
  await page.goto(`/trace/${crowdedTrace}?view=statistics&by=service`);
  await page.getByText(/10,000 groups, the first 500/).waitFor();
  await page.goto(`/trace/${crowdedTrace}?view=graph`);
  await page.getByText(/9,920 others left out/).waitFor();

  // The other pages have them too, the first ones, and say so.
  await page.goto("/services?spans=all");
  await page.getByText("the first 300 of 10,000").waitFor();
  await page.getByRole("searchbox", { name: "Services whose name has" }).fill("ICE 9999");
  await page.getByText("1 of 10,000").waitFor();
  await expectAccessible(page);
  await page.getByRole("link", { name: "service 9999" }).click();
  await page.getByRole("heading", { name: "service 9999" }).waitFor();
  for (const view of ["", "?view=matrix"]) {
    await page.goto(`/dependencies${view}`);
    await page.getByText("the 60 busiest are shown").waitFor();
  }
  await page.goto("/search");
  await page.getByText("and 9,996 more").waitFor();
  expect(complaints).toEqual([]);
});
