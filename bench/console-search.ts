/** How long the console's search takes: from the Enter behind a condition that was typed until what fits it is on the screen. */
import type { Browser, Page } from "playwright-core";
import { spread, withPage } from "./console-pages.ts";
import { usage } from "./processes.ts";
import { corpus } from "./traces-corpus.ts";

const connections = 4;
const keyDelayMs = 20;
const service = "ai-agents-enhancement";

/** What is asked of the corpus, and of which traces: rare and frequent, one and many, by value, range, expression and negation, and nothing. */
const conditions: readonly ((ticketId: string) => string)[] = [
  (ticketId) => `ticket.id = ${ticketId}`,
  () => "tenant.id = tenant-7 and status.code = 503",
  () => "network.peer.address = 10.1.2.3",
  () => "gen_ai.usage.input_tokens > 1695 and llm.cost.usd > 0.0099",
  () => ":name = enhance_ticket and :duration > 30s",
  () => "event:exception.type = DeskUnavailable and not tenant.id = tenant-3",
  () => 'desk.note.id =~ "^99999"',
  () => "search.kind = hybrid and (result.count = 3 or cache.hit = true)",
  () => "ticket.id = TICKET-0",
];

/** The corpus over 24 hours, by OTLP over HTTP. */
export async function sendCorpus(otlpHttp: string, spans: number): Promise<void> {
  const requests = corpus(spans, 24);
  await Promise.all(
    Array.from({ length: connections }, async () => {
      for (let next = requests.next(); next.done !== true; next = requests.next()) {
        const response = await fetch(`${otlpHttp}/v1/traces`, {
          method: "POST",
          headers: { "content-type": "application/x-protobuf" },
          body: next.value.bytes,
        });
        if (!response.ok) throw new Error(`spans were answered ${response.status}: ${await response.text()}`);
      }
    }),
  );
}

/** Types each condition into the page `rounds` times, without more and with a service and a shorter look-back beside it; prints milliseconds. */
export async function measureSearch(
  browser: Browser,
  backend: { address: string; pid: number },
  rounds: number,
): Promise<void> {
  const tickets = await someTickets(backend.address);
  const all: number[] = [];
  process.stdout.write("search | traces | ms to the results (median, least..most) | CPU of the backend, s\n");
  for (const filters of ["", `service=${service}&lookback=6h`])
    for (const condition of conditions) {
      const measured: number[] = [];
      let found = "";
      let cpu = 0;
      for (let round = 0; round < rounds; round++)
        await withPage(browser, async (page) => {
          await page.goto(`${backend.address}/search?${filters}`);
          await page.locator("section[aria-label=Results][aria-busy=false] h2.found").waitFor();
          const text = condition(tickets[(round * 7) % tickets.length] ?? "");
          const before = usage(backend.pid).cpuSeconds;
          measured.push(await search(page, text));
          cpu += usage(backend.pid).cpuSeconds - before;
          found = (await page.locator("section[aria-label=Results] h2.found").textContent()) ?? "";
        });
      all.push(...measured);
      const name = condition("TICKET-...") + (filters === "" ? "" : ` (${filters})`);
      process.stdout.write(`${name} | ${found} | ${spread(measured)} | ${(cpu / rounds).toFixed(2)}\n`);
    }
  all.sort((a, b) => a - b);
  const at = (share: number): string => (all[Math.ceil(all.length * share) - 1] ?? 0).toFixed(0);
  process.stdout.write(`${all.length} searches: p50 ${at(0.5)} ms, p90 ${at(0.9)} ms, worst ${at(1)} ms\n`);
}

/** Types a condition; milliseconds from Enter until the answer to it is drawn. */
async function search(page: Page, condition: string): Promise<number> {
  const box = page.getByRole("combobox", { name: "Ticket id, trace id or condition" });
  await box.click();
  await page.keyboard.type(condition, { delay: keyDelayMs });
  await page.evaluate(
    `addEventListener("keydown", ({ key, timeStamp }) => { if (key === "Enter") window.pressedAt = timeStamp; }, true)`,
  );
  await page.keyboard.press("Enter");
  return page.evaluate(`(async () => {
    const asked = new URLSearchParams({ where: ${JSON.stringify(condition)} }).toString();
    const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
    const isAnswered = () =>
      performance.getEntriesByType("resource").some(({ name }) => name.includes("/api/throughline/traces?" ) && name.includes(asked));
    const isDrawn = () => document.querySelector("section[aria-label=Results]").getAttribute("aria-busy") === "false";
    while (!isAnswered() || !isDrawn()) await frame();
    await frame();
    await frame();
    return performance.now() - window.pressedAt;
  })()`);
}

/** Of traces over the whole time. */
async function someTickets(address: string): Promise<string[]> {
  const tickets: string[] = [];
  for (let hour = 0; hour < 24; hour += 2) {
    const end = new Date(Date.now() - hour * 3_600_000).toISOString();
    const answer = await fetch(`${address}/api/throughline/traces?limit=3&end=${end}`);
    const { traces } = (await answer.json()) as { traces: { ticketId: string | null }[] };
    tickets.push(...traces.flatMap(({ ticketId }) => ticketId ?? []));
  }
  if (tickets.length === 0) throw new Error("no trace of the corpus is stored");
  return tickets;
}
