import { randomBytes } from "node:crypto";
import type { Locator } from "playwright-core";
import { expect, test } from "vitest";
import { expectAccessible, openPage, overflows, useBrowser } from "./browser.ts";
import { type Running, start, temporaryDirectory, until } from "./harness.ts";

useBrowser();

interface Sent {
  tenant: string;
  name: string;
  durationMs: number;
  isError?: boolean;
  secondsAgo: number;
}

/** One trace of a span for each, by OTLP. */
async function send(backend: Running, traces: readonly Sent[]): Promise<void> {
  const attribute = (key: string, stringValue: string) => ({ key, value: { stringValue } });
  const spans = traces.map(({ tenant, name, durationMs, isError = false, secondsAgo }) => {
    const from = BigInt(Date.now() - secondsAgo * 1_000) * 1_000_000n;
    return {
      traceId: randomBytes(16).toString("hex"),
      spanId: randomBytes(8).toString("hex"),
      name,
      kind: 2,
      startTimeUnixNano: String(from),
      endTimeUnixNano: String(from + BigInt(durationMs) * 1_000_000n),
      attributes: [attribute("tenant.id", tenant), attribute("http.route", name)],
      status: isError ? { code: 2, message: "it broke" } : {},
    };
  });
  const body = {
    resourceSpans: [
      { resource: { attributes: [attribute("service.name", "shop")] }, scopeSpans: [{ spans }] },
    ],
  };
  const response = await fetch(`${backend.address("otlpHttp")}/v1/traces`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  expect(response.status).toBe(200);
}

async function boxOf(element: Locator) {
  const box = await element.boundingBox();
  if (box === null) throw new Error("It is not on the page.");
  return box;
}

/** Of its first pixel, red, green, blue and opacity. */
function groundOf(canvas: Locator): Promise<number[]> {
  return canvas.evaluate((element: unknown) => {
    const { getContext } = element as { getContext: (kind: string) => Pen };
    return [...getContext.call(element, "2d").getImageData(0, 0, 1, 1).data];
  });
}
interface Pen {
  getImageData: (x: number, y: number, width: number, height: number) => { data: Uint8ClampedArray };
}

const some: readonly Sent[] = [
  { tenant: "acme", name: "GET /slow", durationMs: 4_000, secondsAgo: 600 },
  { tenant: "acme", name: "GET /quick", durationMs: 5, secondsAgo: 500 },
  { tenant: "acme", name: "GET /broken", durationMs: 80, secondsAgo: 400, isError: true },
  { tenant: "globex", name: "GET /other", durationMs: 40, secondsAgo: 300 },
  { tenant: "globex", name: "GET /more", durationMs: 60, secondsAgo: 200 },
];

async function startBackend(traces: readonly Sent[]): Promise<Running> {
  const backend = await start(["traces"], { data: await temporaryDirectory() });
  if (traces.length > 0) await send(backend, traces);
  return backend;
}

test("by mouse: facets narrow, the plot zooms and opens, results are sorted, selected, saved, shared and downloaded", async () => {
  const backend = await startBackend(some);
  const { page, complaints } = await openPage(backend.address("console"), {
    permissions: ["clipboard-read", "clipboard-write"],
  });
  await page.goto("/search");
  const found = (text: string) => page.getByRole("heading", { name: text, exact: true }).waitFor();
  await found("5 traces");
  await expectAccessible(page);

  const facets = page.getByRole("region", { name: "Facets" });
  await facets.getByText("tenant.id", { exact: true }).click();
  await facets.getByRole("button", { name: /^acme/ }).click();
  await found("3 traces");
  const box = page.getByRole("combobox", { name: "Ticket id, trace id or condition" });
  expect(await box.inputValue()).toBe("tenant.id = acme");

  await page.getByRole("combobox", { name: "Order" }).selectOption("longest");
  const first = page.getByRole("table", { name: "Traces" }).getByRole("rowheader").first();
  await until("the longest to be first", async () => (await first.textContent())?.startsWith("GET /slow"));

  await page.getByRole("checkbox", { name: /GET \/slow/ }).check();
  await page.getByRole("checkbox", { name: /GET \/quick/ }).check();
  await page.getByText("2 traces selected").waitFor();
  const results = page.getByRole("region", { name: "Results" });
  expect(await results.getByRole("link", { name: "Compare" }).getAttribute("href")).toMatch(
    /^\/compare\?a=[0-9a-f]{32}&b=[0-9a-f]{32}$/,
  );

  // The slow one lies in the upper left corner.
  const plot = page.getByRole("application");
  expect(await groundOf(plot)).toEqual([255, 255, 255, 255]);
  const { x, y, width, height } = await boxOf(plot);
  await page.mouse.move(x + 66, y + 12);
  await page.mouse.down();
  await page.mouse.move(x + width / 3, y + height / 2, { steps: 4 });
  await page.mouse.up();
  await page.waitForURL(/minTrace=/);
  await found("1 trace");
  await page.getByRole("button", { name: "Zoom out" }).click();
  await found("3 traces");

  await page.getByRole("button", { name: "Saved" }).click();
  const saved = page.getByRole("dialog", { name: "Saved searches" });
  await saved.getByRole("textbox", { name: "Name" }).fill("of acme");
  await saved.getByRole("button", { name: "Save" }).click();
  await expectAccessible(page);
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: "Share" }).click();
  await page.getByText("The link is copied").first().waitFor();
  const link = await page.evaluate<string>("navigator.clipboard.readText()");
  expect(link).toContain("where=tenant.id");

  await page.getByRole("button", { name: "Download" }).click();
  const downloading = page.waitForEvent("download");
  await page.getByRole("menuitem", { name: "OTLP JSON" }).click();
  expect((await downloading).suggestedFilename()).toBe("traces.jsonl");

  await page.goto("/search");
  await found("5 traces");
  await page.getByRole("button", { name: "Saved" }).click();
  await page.getByRole("link", { name: "of acme" }).click();
  await found("3 traces");
  await page.goto(link);
  await found("3 traces");

  await plot.hover({ position: { x: 1, y: 1 } });
  await plot.press("Home");
  await page.getByText(/GET \/slow, 4\.00 s/).waitFor();
  await plot.press("Enter");
  await page.waitForURL(/\/trace\/[0-9a-f]{32}/);
  expect(complaints).toEqual([]);
});

test("by keyboard: a condition is completed from what is stored, and its traces are walked through", async () => {
  const backend = await startBackend(some);
  const { page, complaints } = await openPage(backend.address("console"), { colorScheme: "dark" });
  await page.goto("/search");
  await page.getByRole("heading", { name: "5 traces" }).waitFor();
  await expectAccessible(page);
  await page.keyboard.press("c");
  await page.keyboard.type("http.r");
  await page.getByRole("option", { name: /http\.route/ }).waitFor();
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  await page.keyboard.type("= ");
  await page.getByRole("option", { name: /GET \/broken/ }).waitFor();
  await expectAccessible(page);
  await page.keyboard.type("brok");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  const box = page.getByRole("combobox", { name: "Ticket id, trace id or condition" });
  await until(
    "the value to be completed",
    async () => (await box.inputValue()) === 'http.route = "GET /broken" ',
  );
  await page.keyboard.press("Escape");
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "1 trace", exact: true }).waitFor();

  await box.fill("http.route >");
  await page.keyboard.press("Escape");
  await page.keyboard.press("Enter");
  await page.getByRole("alert").getByText(/where/).waitFor();
  await box.fill("http.route = nowhere");
  await page.keyboard.press("Escape");
  await page.keyboard.press("Enter");
  await page.getByText("No trace fits").waitFor();
  await expectAccessible(page);
  // The browser itself logs the answer 400.
  expect(complaints.filter((text) => !text.includes("400"))).toEqual([]);
});

test("many traces are a heat map, and what comes in is seen live", async () => {
  const many = Array.from({ length: 600 }, (_, at) => ({
    tenant: "acme",
    name: "GET /many",
    durationMs: 1 + (at % 97) * 7,
    secondsAgo: at,
    isError: at % 50 === 0,
  }));
  const backend = await startBackend(many);
  const { page, complaints } = await openPage(backend.address("console"));
  await page.goto("/search?limit=1000");
  await page.getByRole("heading", { name: "600 traces" }).waitFor();
  await page.getByText(/The stronger, the more traces/).waitFor();
  const plot = page.getByRole("application");
  const { x, y, width, height } = await boxOf(plot);
  await page.mouse.click(x + width / 2, y + height / 3);
  await page.waitForURL(/start=\d+&end=\d+/);

  await page.goto("/search");
  await page.getByRole("heading", { name: "100 traces" }).waitFor();
  await page.keyboard.press("l");
  await page.waitForURL(/live=1/);
  await send(backend, [{ tenant: "acme", name: "GET /fresh", durationMs: 3, secondsAgo: 0 }]);
  await page.getByText("GET /fresh").first().waitFor();
  expect(complaints).toEqual([]);
});

test("all that is found is reached, page by page, and only what is in sight is drawn", async () => {
  const many = Array.from({ length: 2_500 }, (_, at) => ({
    tenant: "acme",
    name: `GET /${at}`,
    durationMs: 1 + (at % 97) * 7,
    secondsAgo: at,
  }));
  const backend = await startBackend(many);
  const { page, complaints } = await openPage(backend.address("console"));
  await page.goto("/search");
  await page.getByRole("heading", { name: "100 traces" }).waitFor();
  await page.getByText("older ones below").waitFor();
  const older = page.getByRole("button", { name: "Older traces" });
  await older.click();
  await page.getByRole("heading", { name: "1,100 traces" }).waitFor();
  await page.getByText(/The stronger, the more traces/).waitFor();
  for (const count of ["2,100", "2,500"]) {
    await older.click();
    await page.getByRole("heading", { name: `${count} traces` }).waitFor();
  }
  await older.waitFor({ state: "detached" });

  const table = page.getByRole("table", { name: "Traces" });
  const rows = table.locator("tr[data-index]");
  expect(await table.getAttribute("aria-rowcount")).toBe("2501");
  expect(await rows.count()).toBeLessThan(100);
  await expectAccessible(page);
  await page.evaluate("document.querySelector('main').scrollTo(0, 0)");
  await page.getByRole("link", { name: "GET /0", exact: true }).focus();
  for (let step = 0; step < 60; step++) await page.keyboard.press("ArrowDown");
  await page.locator("a.row-link:focus").getByText("GET /60", { exact: true }).waitFor();
  await page.evaluate("document.querySelector('main').scrollTo(0, 1e9)");
  await page.getByRole("link", { name: "GET /2499", exact: true }).waitFor();
  expect(await rows.count()).toBeLessThan(100);
  await page.getByRole("combobox", { name: "Order" }).selectOption("longest");
  await page.evaluate("document.querySelector('main').scrollTo(0, 0)");
  await until("the longest to be first", async () =>
    (await table.getByRole("rowheader").first().locator("xpath=..").textContent())?.includes("673 ms"),
  );
  await page.getByRole("link", { name: "GET /2036", exact: true }).waitFor();
  expect(complaints).toEqual([]);
});

test("search fits a phone, and a backend without spans says how to send some", async () => {
  const backend = await startBackend([]);
  const { page } = await openPage(backend.address("console"), { viewport: { width: 360, height: 740 } });
  await page.goto("/search");
  await page.getByText("OTEL_EXPORTER_OTLP_ENDPOINT").waitFor();
  await expectAccessible(page);
  await send(backend, some);
  await page.reload();
  await page.getByRole("heading", { name: "5 traces" }).waitFor();
  expect(await overflows(page)).toBe(false);
  await expectAccessible(page);
  await backend.end();
  await page.getByRole("button", { name: "Find traces" }).click();
  await page
    .getByText(/The trace backend does not answer/)
    .first()
    .waitFor();
});
