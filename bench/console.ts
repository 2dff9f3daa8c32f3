/**
 * What the console costs in Chromium, headless and without a graphics card: how long a trace takes from its address to a page that answers
 * keys, frames a second while it is scrolled and zoomed, and memory; the home page; a ticket's id to the cause of its failure. The cache of
 * the browser is empty for each page.
 *
 *   node bench/console.ts [--spans 1000,20000,50000,100000] [--chain 100000] [--rounds 3] [--seconds 3]
 */
import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { type Browser, type CDPSession, chromium, type Page } from "playwright-core";
import { program } from "../test/programs.ts";
import { send, text, traceOf } from "./console-traces.ts";
import { median, newDirectory, printMachine, start, usage } from "./processes.ts";

const { values } = parseArgs({
  options: {
    spans: { type: "string", default: "1000,20000,50000,100000" },
    chain: { type: "string", default: "100000" },
    rounds: { type: "string", default: "3" },
    seconds: { type: "string", default: "3" },
  },
});
const rounds = Number(values.rounds);
const seconds = Number(values.seconds);
/** Until heads have become blocks. */
const settleMs = 10_000;
const ticket = "BENCH-1";
const idOf = (at: number): string => at.toString(16).padStart(32, "b");

printMachine();
const directory = newDirectory();
const backend = await start(["traces"], directory.path);
const address = backend.ready["console"] ?? "";
const traces = [
  ...values.spans.split(",").map((count) => ({ shape: "tree" as const, count: Number(count) })),
  { shape: "chain" as const, count: Number(values.chain) },
];
for (const [at, { shape, count }] of traces.entries())
  await send(backend.ready["otlpHttp"] ?? "", traceOf(idOf(at + 1), count, shape));
await send(backend.ready["otlpHttp"] ?? "", traceOf(idOf(99), 2_000, "tree", [text("ticket.id", ticket)]));
await sleep(settleMs);

const browser = await chromium.launch({
  executablePath: program("chromium"),
  args: ["--no-sandbox", "--disable-gpu", "--enable-precise-memory-info"],
});
try {
  // What the backend compiles at its first answer is not the page's doing.
  for (let round = 0; round < 3; round++) await withPage(browser, (page) => open(page, 1));
  process.stdout.write(
    "trace | open, ms (median, least..most) | scroll, frames/s (longest, ms) | zoom, frames/s (longest, ms) | heap + buffers of the page, MB | resident, MB | CPU of the backend, s\n",
  );
  for (const [at, { shape, count }] of traces.entries()) {
    const opened: number[] = [];
    const cpu: number[] = [];
    for (let round = 0; round < rounds; round++) {
      const before = usage(backend.ready.pid).cpuSeconds;
      opened.push(await withPage(browser, (page) => open(page, at + 1)));
      cpu.push(usage(backend.ready.pid).cpuSeconds - before);
    }
    await withPage(browser, async (page, session) => {
      await open(page, at + 1);
      await sleep(500);
      const scroll = await frames(page, "scroll");
      const zoom = await frames(page, "zoom");
      const { heapMb, residentMb } = await memory(session);
      process.stdout.write(
        [
          `${count} spans, ${shape}`,
          spread(opened),
          `${scroll.perSecond.toFixed(0)} (${scroll.longestMs.toFixed(0)})`,
          `${zoom.perSecond.toFixed(0)} (${zoom.longestMs.toFixed(0)})`,
          heapMb.toFixed(0),
          residentMb.toFixed(0),
          median(cpu).toFixed(2),
        ].join(" | ") + "\n",
      );
    });
  }
  const home: number[] = [];
  const causes: number[] = [];
  for (let round = 0; round < rounds; round++) {
    home.push(await withPage(browser, openHome));
    causes.push(await withPage(browser, toCause));
  }
  process.stdout.write(`home to interactive: ${spread(home)} ms\n`);
  process.stdout.write(`ticket id to its cause, 3 interactions (/, the id, Enter): ${spread(causes)} ms\n`);
} finally {
  await browser.close();
  await backend.stop();
  directory.remove();
}

async function withPage<T>(of: Browser, use: (page: Page, session: CDPSession) => Promise<T>): Promise<T> {
  const context = await of.newContext({ viewport: { width: 1440, height: 900 }, bypassCSP: true });
  try {
    const page = await context.newPage();
    page.setDefaultTimeout(120_000);
    return await use(page, await context.newCDPSession(page));
  } finally {
    await context.close();
  }
}

/** Milliseconds from the address to a row that a key has chosen and that was drawn. */
async function open(page: Page, trace: number): Promise<number> {
  await page.goto(`${address}/trace/${idOf(trace)}`, { waitUntil: "commit" });
  await page.waitForFunction("document.querySelector('[role=treegrid] [aria-level]') !== null", undefined, {
    polling: "raf",
  });
  return page.evaluate(`(async () => {
    const grid = document.querySelector("[role=treegrid]");
    grid.focus();
    grid.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowDown", bubbles: true }));
    const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
    while (!grid.hasAttribute("aria-activedescendant")) await frame();
    await frame();
    await frame();
    return performance.now();
  })()`);
}

async function openHome(page: Page): Promise<number> {
  await page.goto(address, { waitUntil: "commit" });
  await page.waitForFunction(
    "document.querySelector('main h1, main h2') !== null && document.querySelector('main .skeleton') === null",
    undefined,
    { polling: "raf" },
  );
  return page.evaluate("performance.now()");
}

/** Milliseconds from the first key to the cause on the screen. */
async function toCause(page: Page): Promise<number> {
  await openHome(page);
  const began = performance.now();
  await page.keyboard.press("/");
  await page.keyboard.insertText(ticket);
  await page.keyboard.press("Enter");
  await page.getByText("First cause").waitFor();
  return performance.now() - began;
}

async function frames(page: Page, how: "scroll" | "zoom"): Promise<{ perSecond: number; longestMs: number }> {
  return page.evaluate(`(async () => {
    const scroller = document.querySelector(".timeline");
    const { left, top, width } = scroller.getBoundingClientRect();
    const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
    const until = performance.now() + ${seconds * 1_000};
    let count = 0;
    let longestMs = 0;
    let last = await frame();
    const began = last;
    while (last < until) {
      if (${how === "scroll"}) scroller.scrollTop += Math.floor(count / 60) % 2 === 0 ? 390 : 3900;
      else
        scroller.dispatchEvent(
          new WheelEvent("wheel", {
            ctrlKey: true,
            deltaY: Math.floor(count / 40) % 2 === 0 ? -60 : 60,
            clientX: left + width * 0.6,
            clientY: top + 200,
            bubbles: true,
            cancelable: true,
          }),
        );
      const now = await frame();
      longestMs = Math.max(longestMs, now - last);
      last = now;
      count++;
    }
    return { perSecond: (count * 1_000) / (last - began), longestMs };
  })()`);
}

/** Of the page after a collection of garbage: JavaScript and array buffers; and what its process takes of the machine, worker included. */
async function memory(session: CDPSession): Promise<{ heapMb: number; residentMb: number }> {
  await session.send("HeapProfiler.enable");
  await session.send("HeapProfiler.collectGarbage");
  const used = (await session.send("Runtime.getHeapUsage")) as {
    usedSize: number;
    backingStorageSize?: number;
  };
  const { processInfo } = await browserProcesses();
  const renderers = processInfo.filter(({ type }) => type === "renderer").map(({ id }) => residentOf(id));
  return {
    heapMb: (used.usedSize + (used.backingStorageSize ?? 0)) / 2 ** 20,
    residentMb: Math.max(...renderers),
  };
}

async function browserProcesses(): Promise<{ processInfo: { type: string; id: number }[] }> {
  const session = await browser.newBrowserCDPSession();
  try {
    return await session.send("SystemInfo.getProcessInfo");
  } finally {
    await session.detach();
  }
}

function residentOf(pid: number): number {
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) / 1024;
}

function spread(measured: readonly number[]): string {
  return `${median(measured).toFixed(0)} (${Math.min(...measured).toFixed(0)}..${Math.max(...measured).toFixed(0)})`;
}
