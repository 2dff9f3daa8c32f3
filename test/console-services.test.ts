import type { Locator, Page } from "playwright-core";
import { expect, test } from "vitest";
import { expectAccessible, openPage, overflows, useBrowser } from "./browser.ts";
import { sendHostile, sendShop } from "./console-services-spans.ts";
import { type Running, start, startWithDesk, temporaryDirectory, until } from "./harness.ts";

useBrowser();

const startBackend = async (): Promise<Running> => start(["traces"], { data: await temporaryDirectory() });

async function boxOf(element: Locator) {
  const box = await element.boundingBox();
  if (box === null) throw new Error("It is not on the page.");
  return box;
}

/** Draws over a chart from one share of its width to another. */
async function drawOver(page: Page, chart: Locator, from: number, to: number): Promise<void> {
  const { x, y, width, height } = await boxOf(chart.locator(".u-over"));
  await page.mouse.move(x + width * from, y + height / 2);
  await page.mouse.down();
  await page.mouse.move(x + width * to, y + height / 2, { steps: 6 });
  await page.mouse.up();
}

test("by mouse: from all services to one, to what was drawn over in a chart, to an exemplar's trace", async () => {
  const backend = await startBackend();
  await sendShop(backend);
  const { page, complaints } = await openPage(backend.address("console"));
  await page.goto("/search");
  await page.getByRole("navigation").getByRole("link", { name: "Services" }).click();
  const services = page.getByRole("table", { name: "Services" });
  await services.waitFor();
  expect(await services.getByRole("rowheader").allTextContents()).toEqual(
    expect.arrayContaining(["web", "shop", "stock", "mailer"]),
  );
  const row = services.getByRole("row", { name: /^web/ });
  expect(await row.textContent()).toMatch(/^web[\d.]+ \/min5 %/);
  await expectAccessible(page);

  await page.getByRole("combobox", { name: "Order" }).selectOption("errors");
  await page.waitForURL(/sort=errors/);
  await until(
    "shop to be first",
    async () => (await services.getByRole("rowheader").first().textContent()) === "shop",
  );

  await services.getByRole("link", { name: "shop" }).click();
  await page.getByRole("heading", { name: "shop", exact: true }).waitFor();
  const rate = page.getByRole("application", { name: /^Rate of shop/ });
  await page.getByRole("table", { name: "Exemplars" }).getByRole("row").nth(5).waitFor();
  await expectAccessible(page);

  await drawOver(page, rate, 0.3, 0.6);
  await page.getByRole("button", { name: "Only failed ones" }).click();
  await page.waitForURL(/\/search\?.*service=shop/);
  const asked = new URL(page.url()).searchParams;
  expect(asked.get("status")).toBe("error");
  const minutes = (Number(asked.get("end")) - Number(asked.get("start"))) / 60e6;
  expect(minutes).toBeGreaterThan(15);
  expect(minutes).toBeLessThan(25);
  await page.getByRole("heading", { name: /^\d traces?$/ }).waitFor();

  await page.goBack();
  await drawOver(page, rate, 0.3, 0.6);
  await page.getByRole("button", { name: "Zoom in" }).click();
  await page.waitForURL(/start=\d+&end=\d+|end=\d+.*start=/);
  await page.getByRole("button", { name: "Zoom out" }).click();
  await page.waitForURL((url) => !url.searchParams.has("start"));

  await page.getByRole("link", { name: "POST /orders" }).first().click();
  await page.getByRole("heading", { name: "POST /orders", exact: true }).waitFor();
  // The slowest stands highest: its diamond is under the mouse.
  const duration = page.getByRole("application", { name: /^Durations of POST \/orders/ });
  await page.getByRole("table", { name: "Exemplars" }).getByText("3.0").first().waitFor();
  const { x, y, width, height } = await boxOf(duration.locator(".u-over"));
  for (let share = 0.3; share < 0.7 && !page.url().includes("/trace/"); share += 6 / width)
    await page.mouse.click(x + width * share, y + height * (1 - 1 / 1.08));
  await page.waitForURL(/\/trace\/[0-9a-f]{32}\?span=[0-9a-f]{16}/);
  expect(complaints).toEqual([]);
});

test("by keyboard: steps of a chart are walked, selected and searched", async () => {
  const backend = await startBackend();
  await sendShop(backend);
  const { page, complaints } = await openPage(backend.address("console"), { colorScheme: "dark" });
  await page.goto("/search");
  await page.getByRole("form", { name: "Conditions" }).waitFor();
  await page.keyboard.press("g");
  await page.keyboard.press("v");
  const services = page.getByRole("table", { name: "Services" });
  await services.getByRole("link", { name: "web" }).focus();
  await expectAccessible(page);
  await page.keyboard.press("Enter");
  const errors = page.getByRole("application", { name: /^Errors of web/ });
  await errors.focus();
  for (let left = 0; left < 6; left++) await page.keyboard.press("ArrowLeft");
  await page.keyboard.press("Shift+ArrowLeft");
  await page.keyboard.press("Shift+ArrowLeft");
  await page.getByRole("button", { name: "Search these traces" }).waitFor();
  await expectAccessible(page);
  await page.keyboard.press("Escape");
  await page.getByText("Draw over a chart").waitFor();
  await page.keyboard.press("Home");
  await page.getByRole("status").filter({ hasText: "1 min: failed" }).first().waitFor();
  await page.keyboard.press("Enter");
  await page.keyboard.press("Enter");
  await page.waitForURL(/\/search\?.*service=web/);
  const asked = new URL(page.url()).searchParams;
  expect((Number(asked.get("end")) - Number(asked.get("start"))) / 1e6).toBe(60);
  expect(complaints).toEqual([]);
});

test("dependencies: a graph with counts, errors and durations, a matrix, and one service in focus", async () => {
  const backend = await startBackend();
  await sendShop(backend);
  for (const colorScheme of ["light", "dark"] as const) {
    const { page, complaints } = await openPage(backend.address("console"), { colorScheme });
    await page.goto("/dependencies");
    const graph = page.getByRole("region", { name: "Graph of services and their calls" });
    const node = (name: string) => graph.getByRole("button", { name: new RegExp(`^${name}`) });
    await node("shop").waitFor();
    const label = graph.locator(".call-label").filter({ hasText: "· 10 %" });
    expect(await label.first().textContent()).toMatch(/^110 · 10 %p95 \d+(\.\d+)? ms$/);
    await expectAccessible(page);

    await node("stock").press("Enter");
    await page.waitForURL(/focus=stock/);
    await until("web to be gone", async () => (await node("web").count()) === 0);
    await node("postgresql").waitFor();

    await page.keyboard.press("m");
    await page.getByRole("button", { name: "Show all services" }).click();
    const matrix = page.getByRole("table", { name: "Who calls whom" });
    const cell = matrix.getByTitle(/^web calls shop 110 times, 11 failed, p50 /);
    expect(await cell.textContent()).toBe("110");
    await page.getByRole("group", { name: "Cells show" }).getByRole("button", { name: "Errors" }).click();
    await until("shares", async () => (await cell.textContent()) === "10 %");
    await page.getByRole("group", { name: "Cells show" }).getByRole("button", { name: "Duration" }).click();
    await until("durations", async () => (await cell.textContent())?.endsWith("ms") === true);
    await expectAccessible(page);

    await page.getByRole("link", { name: "Failed traces of web and shop" }).click();
    await page.waitForURL(/\/search\?.*service=shop/);
    await page.getByRole("heading", { name: "11 traces", exact: true }).waitFor();
    expect(complaints).toEqual([]);
  }
});

test("system: health of each part, ingest, storage, queue and workers, and what sampling would take", async () => {
  const { up } = await startWithDesk();
  await sendShop(up);
  for (const colorScheme of ["light", "dark"] as const) {
    const { page, complaints } = await openPage(up.address("console"), { colorScheme });
    await page.goto("/");
    await page.getByRole("heading", { name: "Tickets", exact: true }).waitFor();
    await page.keyboard.press("g");
    await page.keyboard.press("y");
    const parts = page.getByRole("table", { name: "Parts" });
    for (const part of ["traces", "queue", "database", "disk"])
      await parts
        .getByRole("row", { name: new RegExp(`^${part}`) })
        .getByText("well")
        .waitFor();
    await page.getByText(/^\d of 4$/).waitFor();
    await page
      .getByText(/^\d{3,}(,\d+)? spans$/)
      .first()
      .waitFor();
    await page.getByRole("heading", { name: "Storage" }).waitFor();
    await expectAccessible(page);

    await page.getByRole("spinbutton", { name: /Traces a day/ }).fill("1000000");
    await page.getByRole("spinbutton", { name: /Spans a trace/ }).fill("10");
    await page.getByRole("spinbutton", { name: /Bytes a span/ }).fill("25");
    await page.getByRole("spinbutton", { name: /Days kept/ }).fill("10");
    await page.getByRole("spinbutton", { name: /Disk for it/ }).fill("1");
    await page.getByText("2.50 GB").waitFor();
    await page.getByRole("button", { name: "Keep as many as fit" }).click();
    await page.getByText("OTEL_TRACES_SAMPLER_ARG=0.4", { exact: true }).waitFor();
    await page.getByRole("slider").press("Home");
    await page.getByText("OTEL_TRACES_SAMPLER_ARG=0.001", { exact: true }).waitFor();
    expect(complaints).toEqual([]);
  }
});

test("a trace backend alone says that it has no queue; nothing stored is said with what to do", async () => {
  const backend = await startBackend();
  const { page } = await openPage(backend.address("console"));
  await page.goto("/system");
  await page.getByText("No enhancer is connected to this trace backend").waitFor();
  await page.goto("/services");
  await page.getByRole("heading", { name: "No service was heard of" }).waitFor();
  await expectAccessible(page);
  await page.getByRole("button", { name: "Show all spans" }).click();
  await page.waitForURL(/spans=all/);
  await page.goto("/dependencies");
  await page.getByRole("heading", { name: "No calls between services" }).waitFor();
});

test("the pages fit a phone, and hostile names and hundreds of services neither break nor run anything", async () => {
  const { up: backend } = await startWithDesk();
  await sendHostile(backend);
  for (const width of [360, 1_440]) {
    const { page, complaints } = await openPage(backend.address("console"), {
      viewport: { width, height: 800 },
    });
    await page.goto("/services?sort=errors");
    const services = page.getByRole("table", { name: "Services" });
    await services.getByRole("link", { name: /^<img/ }).click();
    await page.getByRole("heading", { name: /^<img/ }).waitFor();
    await page.getByRole("table", { name: "Operations" }).waitFor();
    expect(await overflows(page)).toBe(false);
    for (const address of ["/services", "/dependencies", "/dependencies?view=matrix", "/system"]) {
      await page.goto(address);
      await page.locator("main h1").waitFor();
      await page.getByRole("table").first().waitFor();
      expect([address, width, await overflows(page)]).toEqual([address, width, false]);
    }
    await page.goto("/dependencies");
    await page.getByText("the 60 busiest are shown").waitFor();
    expect(await page.title()).toBe("Throughline");
    expect(complaints).toEqual([]);
  }
});
