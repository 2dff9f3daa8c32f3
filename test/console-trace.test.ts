import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { openPage, useBrowser } from "./browser.ts";
import {
  chain,
  olderShop,
  olderTrace,
  sendTrace,
  shop,
  shopTrace,
  type TestSpan,
} from "./console-trace-spans.ts";
import { type Running, start, temporaryDirectory } from "./harness.ts";

useBrowser();
const limit = { timeout: 180_000 };

async function backend(traces: Record<string, readonly TestSpan[]>): Promise<Running> {
  const running = await start(["traces"], { data: await temporaryDirectory() });
  for (const [traceId, spans] of Object.entries(traces))
    await sendTrace(running.address("otlpHttp"), traceId, spans);
  return running;
}

async function openTrace(running: Running, traceId: string, query = "") {
  const opened = await openPage(running.address("console"));
  await opened.page.goto(`/trace/${traceId}${query}`);
  await opened.page.getByRole("treegrid", { name: "Spans" }).waitFor();
  return opened;
}

const panel = (page: Page) => page.getByRole("complementary", { name: "Span" });
const row = (page: Page, name: string) => page.getByRole("row").filter({ hasText: name }).first();
const activeRow = (page: Page) => page.locator("[role=row][aria-selected=true]");

test(
  "a span is opened by a click; its attributes, exception and stack are read, its link leads on",
  limit,
  async () => {
    const running = await backend({ [shopTrace]: shop, [olderTrace]: olderShop });
    const { page, complaints } = await openTrace(running, shopTrace);
    await page.getByText("First cause: charge card 402 Payment Required").waitFor();
    await page.getByText(/Bottleneck: SELECT stock = 420 ms \(43 % of total\)/).waitFor();

    await row(page, "charge card").click();
    await panel(page).getByText("PaymentError").first().waitFor();
    await panel(page).getByText("http.response.status_code").waitFor();
    await panel(page).getByText("Stack", { exact: true }).click();
    await panel(page).getByText("at charge (card.ts:12:3)").first().waitFor();
    expect(page.url()).toContain("span=0000000000000004");

    await row(page, "SELECT stock").click();
    const without = panel(page).getByRole("link", { name: "Search without this db.system" });
    expect(new URL((await without.getAttribute("href")) ?? "", page.url()).searchParams.get("where")).toBe(
      'not "db.system" = "postgresql"',
    );
    await panel(page)
      .getByRole("link", { name: new RegExp(olderTrace) })
      .click();
    await page.waitForURL(new RegExp(`/trace/${olderTrace}`));
    await page.getByText("check voucher").first().waitFor();
    expect(complaints).toEqual([]);
  },
);

test(
  "the trace of the address is asked for once, without waiting for the page's code; another one is read when it is opened",
  limit,
  async () => {
    const running = await backend({ [shopTrace]: shop, [olderTrace]: olderShop });
    const { page, responses, complaints } = await openPage(running.address("console"));
    let hasCode = false;
    await page.route("**/assets/index-*.js", async (route) => {
      await asked;
      hasCode = true;
      await route.continue();
    });
    const structure = (traceId: string) => `/api/throughline/traces/${traceId}?part=structure`;
    const asked = page.waitForResponse((one) => one.url().endsWith(structure(shopTrace)));
    await page.goto(`/trace/${shopTrace}`);
    await page.getByRole("treegrid", { name: "Spans" }).waitFor();
    await page.getByText("First cause: charge card 402 Payment Required").waitFor();
    expect(hasCode).toBe(true);

    await row(page, "SELECT stock").click();
    await panel(page)
      .getByRole("link", { name: new RegExp(olderTrace) })
      .click();
    await page.getByText("check voucher").first().waitFor();
    const paths = responses.map((one) => one.url().slice(new URL(one.url()).origin.length));
    for (const traceId of [shopTrace, olderTrace])
      expect(paths.filter((path) => path === structure(traceId))).toHaveLength(1);
    expect(complaints).toEqual([]);
  },
);

test("an address with a span opens its panel and unfolds the way to it", limit, async () => {
  const running = await backend({ [shopTrace]: shop });
  const { page } = await openTrace(running, shopTrace, "?span=0000000000000006");
  await panel(page).getByText("postgresql").waitFor();
  expect(await activeRow(page).textContent()).toContain("SELECT stock");
  await page.getByRole("button", { name: "Fold all" }).click();
  await expect.poll(() => activeRow(page).textContent()).toContain("publish order");
});

test(
  "by keys alone: rows are walked, folded and opened, errors and finds are stepped through",
  limit,
  async () => {
    const running = await backend({ [shopTrace]: shop });
    const { page, complaints } = await openTrace(running, shopTrace);
    const rows = () => page.getByRole("treegrid").getAttribute("aria-rowcount");
    await page.getByRole("treegrid").focus();
    await expect.poll(() => activeRow(page).textContent()).toContain("POST /orders");
    await page.keyboard.press("ArrowDown");
    await expect.poll(() => activeRow(page).textContent()).toContain("publish order");
    await page.keyboard.press("ArrowLeft");
    await expect.poll(rows).toBe("3");
    await page.keyboard.press("ArrowRight");
    await expect.poll(rows).toBe("9");
    await page.keyboard.press("End");
    await page.keyboard.press("Enter");
    await panel(page).getByText("warehouse-1").first().waitFor({ state: "attached" });
    await page.keyboard.press("Escape");
    await panel(page).waitFor({ state: "detached" });

    await page.keyboard.press("Home");
    await page.keyboard.press("e");
    await panel(page).getByText("the payment was refused").first().waitFor();
    await page.keyboard.press("e");
    await panel(page).getByText("402 Payment Required").first().waitFor();
    await page.keyboard.press("Escape");

    await page.keyboard.press("f");
    await page.keyboard.type("db.system=postgres");
    await page.getByRole("search").getByText("1", { exact: true }).waitFor();
    await page.keyboard.press("Enter");
    await panel(page).getByText("SELECT stock").first().waitFor();
    expect(page.url()).toContain("find=");
    expect(complaints).toEqual([]);
  },
);

test("a subtree is looked at alone, levels are folded one by one", limit, async () => {
  const running = await backend({ [shopTrace]: shop });
  const { page } = await openTrace(running, shopTrace, "?span=0000000000000005");
  const rows = () => page.getByRole("treegrid").getAttribute("aria-rowcount");
  await panel(page).getByRole("button", { name: "Only this subtree" }).click();
  await expect.poll(rows).toBe("5");
  expect(page.url()).toContain("focus=0000000000000005");
  await page.getByRole("button", { name: "Show the whole trace" }).click();
  await expect.poll(rows).toBe("9");
  await panel(page).getByRole("button", { name: "Close the panel" }).click();
  await page.keyboard.press("Home");
  await page.keyboard.press("[");
  await expect.poll(rows).toBe("8");
  await page.keyboard.press("[");
  await page.keyboard.press("[");
  await expect.poll(rows).toBe("3");
  await page.keyboard.press("]");
  await expect.poll(rows).toBe("5");
});

test("wheel, drag and keys zoom and move; the address keeps what is shown", limit, async () => {
  const running = await backend({ [shopTrace]: shop });
  const { page } = await openTrace(running, shopTrace);
  const overview = page.getByRole("img", { name: /^Overview/ });
  const box = await page.locator(".timeline").boundingBox();
  if (box === null) throw new Error("no timeline");
  await page.mouse.move(box.x + box.width * 0.6, box.y + 120);
  await page.keyboard.down("Control");
  await page.mouse.wheel(0, -400);
  await page.keyboard.up("Control");
  await page.waitForURL(/range=\d+-\d+/);
  const zoomed = page.url();
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * 0.5, box.y + 120, { steps: 5 });
  await page.mouse.up();
  await expect.poll(() => page.url()).not.toBe(zoomed);
  expect(page.url()).not.toContain("span=");
  await page.reload();
  await expect.poll(() => overview.getAttribute("aria-label")).not.toContain("of which 980 ms");
  await page.getByRole("treegrid").focus();
  await page.keyboard.press("0");
  await expect.poll(() => overview.getAttribute("aria-label")).toContain("of which 980 ms");
  await page.keyboard.press("+");
  await expect.poll(() => overview.getAttribute("aria-label")).toContain("of which 686 ms");
  const map = await overview.boundingBox();
  if (map === null) throw new Error("no overview");
  await page.mouse.dblclick(map.x + map.width / 2, map.y + 10);
  await expect.poll(() => overview.getAttribute("aria-label")).toContain("of which 980 ms");
  await page.mouse.move(map.x + map.width * 0.25, map.y + 10);
  await page.mouse.down();
  await page.mouse.move(map.x + map.width * 0.75, map.y + 10, { steps: 5 });
  await page.mouse.up();
  await expect.poll(() => overview.getAttribute("aria-label")).toMatch(/of which (48\d|49\d) ms/);
});

test("queue waits, attempts, the critical path and the bottleneck are told in words too", limit, async () => {
  const running = await backend({ [shopTrace]: shop });
  const { page } = await openTrace(running, shopTrace);
  const first = page.getByRole("row").filter({ hasText: "take order" }).nth(0);
  const second = page.getByRole("row").filter({ hasText: "take order" }).nth(1);
  expect(await first.textContent()).toContain("failed, attempt 1, waited 80.0 ms in the queue");
  expect(await second.textContent()).toContain("attempt 2, waited 100 ms in the queue, on the critical path");
  expect(await row(page, "SELECT stock").textContent()).toContain(
    "bottleneck, on the critical path, has links",
  );
});

test("a clock that is behind is named, set right, and set by hand", limit, async () => {
  const running = await backend({ [shopTrace]: shop });
  const { page } = await openTrace(running, shopTrace);
  const starts = () => row(page, "POST /reserve").getByRole("gridcell").nth(2).textContent();
  expect(await starts()).toBe("700 ms");
  await page.getByText("A clock is off").click();
  await page.getByText("The clock of warehouse-1 seems 150 ms behind that of worker-1.").waitFor();
  await page.getByLabel("Adjust, so that calls lie within their callers").check();
  await expect.poll(starts).toBe("850 ms");
  expect(page.url()).toContain("clocks=adjusted");
  await page.getByLabel("Milliseconds added to the clock of warehouse-1").fill("160");
  await expect.poll(starts).toBe("860 ms");
});

test("the other views show the same trace", limit, async () => {
  const running = await backend({ [shopTrace]: shop });
  const { page, complaints } = await openTrace(running, shopTrace);
  await page.getByRole("button", { name: "Flame graph" }).click();
  const flame = page.getByRole("application", { name: /^Flame graph/ });
  await flame.focus();
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("ArrowDown");
  await page.getByText(/take order · worker · 2 spans/).waitFor();
  await page.keyboard.press("Space");
  await panel(page).getByText("take order").first().waitFor();

  await page.getByRole("button", { name: "Statistics" }).click();
  await page.getByRole("row", { name: /worker: take order 2 1/ }).waitFor();
  await page.getByLabel("Group by").selectOption("db.system");
  await page.getByRole("row", { name: /postgresql 1 0 420 ms 420 ms 420 ms 420 ms/ }).waitFor();
  expect(new URL(page.url()).searchParams.get("by")).toBe(":db.system");

  await page.getByRole("button", { name: "Graph", exact: true }).click();
  await page.getByRole("button", { name: /SELECT stock 1 ×/ }).click();
  await panel(page).getByText("postgresql").waitFor();

  await page.getByRole("button", { name: "JSON", exact: true }).click();
  await page.locator("pre.marked").getByText('"spanId": "0000000000000006"').waitFor();
  expect(complaints).toEqual([]);
});

test(
  "a trace that is not complete is read again by itself; when the backend goes, that is said",
  limit,
  async () => {
    const [root, ...rest] = shop;
    if (root === undefined) throw new Error("no root");
    const running = await backend({ [shopTrace]: rest });
    const { page } = await openTrace(running, shopTrace);
    await page.getByText("refreshes by itself").waitFor();
    expect(await page.getByText("POST /orders").count()).toBe(0);
    await sendTrace(running.address("otlpHttp"), shopTrace, [root]);
    await page.getByText("POST /orders").first().waitFor();
    await page.getByText("refreshes by itself").waitFor({ state: "detached" });

    const other = "9".repeat(32);
    await sendTrace(running.address("otlpHttp"), other, rest);
    const details = page.waitForResponse((one) => one.url().endsWith(`${other}?part=details`));
    await page.goto(`/trace/${other}`);
    await page.getByText("refreshes by itself").waitFor();
    await details;
    await running.end();
    await page.getByText(/Not refreshed since .*The trace backend does not answer/).waitFor();
    await row(page, "SELECT stock").click();
    await panel(page).getByText("postgresql").waitFor();
  },
);

test("a backend that is slow is said to be, and one that is not there", limit, async () => {
  const running = await backend({ [shopTrace]: shop, [olderTrace]: olderShop });
  const { page } = await openTrace(running, shopTrace, "?span=0000000000000006");
  const link = panel(page).getByRole("link", { name: new RegExp(olderTrace) });
  await link.waitFor();
  // As a machine that has stopped answering, not one that refuses.
  process.kill(running.ready.pid, "SIGSTOP");
  try {
    await link.click();
    await page.getByText("The backend takes its time").waitFor();
  } finally {
    process.kill(running.ready.pid, "SIGCONT");
  }
  await page.getByText("check voucher").first().waitFor();
  await running.end();
  await page.keyboard.press("/");
  await page.keyboard.insertText("TICKET-1");
  await page.keyboard.press("Enter");
  await page.getByText("The trace backend does not answer.").first().waitFor();
});

test("a chain 100,000 deep opens, is walked to its end and searched", { timeout: 300_000 }, async () => {
  const traceId = "c".repeat(32);
  const running = await backend({});
  const spans = chain(100_000);
  for (let from = 0; from < spans.length; from += 10_000)
    await sendTrace(running.address("otlpHttp"), traceId, spans.slice(from, from + 10_000));
  const { page, complaints } = await openPage(running.address("console"));
  page.setDefaultTimeout(120_000);
  await page.goto(`/trace/${traceId}`);
  const grid = page.getByRole("treegrid", { name: "Spans" });
  await grid.waitFor();
  expect(await grid.getAttribute("aria-rowcount")).toBe("100001");
  await grid.focus();
  await page.keyboard.press("End");
  await expect.poll(() => activeRow(page).textContent(), { timeout: 60_000 }).toContain("level 99999");
  await page.keyboard.press("f");
  await page.keyboard.type("level 54321");
  await page.keyboard.press("Enter");
  await page.getByRole("search").getByText("1", { exact: true }).waitFor();
  await page.keyboard.press("Enter");
  await panel(page).getByText("level 54321").first().waitFor();
  expect(complaints).toEqual([]);
});
