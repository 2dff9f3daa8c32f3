/**
 * What the console costs in Chromium, headless and without a graphics card: how long a trace takes from its address to a page that answers
 * keys, frames a second while it is scrolled and zoomed, and memory; the home page; a ticket's id to the cause of its failure; a search, from
 * its condition to the results. The cache of the browser is empty for each page.
 *
 *   node bench/console.ts [--spans 1000,20000,50000,100000] [--chain 100000] [--rounds 3] [--seconds 3] [--search 200000]
 *
 * `--spans ""` and `--search 0` leave that part out. `--search` sends so many spans of the corpus first; 10,000,000 take some minutes. What
 * `traces-ingest --keep DIR` left behind is searched with `--data DIR`, however many these are.
 */
import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import type { CDPSession, Page } from "playwright-core";
import { spread, startBrowser, withPage } from "./console-pages.ts";
import { measureSearch, sendCorpus } from "./console-search.ts";
import { send, text, traceOf } from "./console-traces.ts";
import { median, newDirectory, printMachine, start, usage } from "./processes.ts";

const { values } = parseArgs({
  options: {
    spans: { type: "string", default: "1000,20000,50000,100000" },
    chain: { type: "string", default: "100000" },
    rounds: { type: "string", default: "3" },
    seconds: { type: "string", default: "3" },
    search: { type: "string", default: "200000" },
    data: { type: "string" },
  },
});
const rounds = Number(values.rounds);
const seconds = Number(values.seconds);
/** Until heads have become blocks. */
const settleMs = 10_000;
const ticket = "BENCH-1";
const idOf = (at: number): string => at.toString(16).padStart(32, "b");

printMachine();
const browser = await startBrowser();
try {
  if (values.spans !== "") await measureTraces();
  if (values.search !== "0" || values.data !== undefined) await measureSearches();
} finally {
  await browser.close();
}

async function measureTraces(): Promise<void> {
  const directory = newDirectory();
  const backend = await start(["traces"], directory.path);
  const address = backend.ready["console"] ?? "";
  const traces = [
    ...values.spans.split(",").map((count) => ({ shape: "tree" as const, count: Number(count) })),
    { shape: "chain" as const, count: Number(values.chain) },
  ];
  try {
    for (const [at, { shape, count }] of traces.entries())
      await send(backend.ready["otlpHttp"] ?? "", traceOf(idOf(at + 1), count, shape));
    await send(
      backend.ready["otlpHttp"] ?? "",
      traceOf(idOf(99), 2_000, "tree", [text("ticket.id", ticket)]),
    );
    await sleep(settleMs);
    // What the backend compiles at its first answer is not the page's doing.
    for (let round = 0; round < 3; round++) await withPage(browser, (page) => open(page, address, 1));
    process.stdout.write(
      "trace | open, ms (median, least..most) | scroll, frames/s (longest, ms) | zoom, frames/s (longest, ms) | heap + buffers of the page, MB | of its worker, MB | resident, MB | CPU of the backend, s\n",
    );
    for (const [at, { shape, count }] of traces.entries()) {
      const opened: number[] = [];
      const cpu: number[] = [];
      for (let round = 0; round < rounds; round++) {
        const before = usage(backend.ready.pid).cpuSeconds;
        opened.push(await withPage(browser, (page) => open(page, address, at + 1)));
        cpu.push(usage(backend.ready.pid).cpuSeconds - before);
      }
      await withPage(browser, async (page, session) => {
        await open(page, address, at + 1);
        await sleep(500);
        const scroll = await frames(page, "scroll");
        const zoom = await frames(page, "zoom");
        const { own, worker, residentMb } = await memory(page, session);
        process.stdout.write(
          [
            `${count} spans, ${shape}`,
            spread(opened),
            `${scroll.perSecond.toFixed(0)} (${scroll.longestMs.toFixed(0)})`,
            `${zoom.perSecond.toFixed(0)} (${zoom.longestMs.toFixed(0)})`,
            inMb(own),
            inMb(worker),
            residentMb.toFixed(0),
            median(cpu).toFixed(2),
          ].join(" | ") + "\n",
        );
      });
    }
    const home: number[] = [];
    const causes: number[] = [];
    for (let round = 0; round < rounds; round++) {
      home.push(await withPage(browser, (page) => openHome(page, address)));
      causes.push(await withPage(browser, (page) => toCause(page, address)));
    }
    process.stdout.write(`home to interactive: ${spread(home)} ms\n`);
    process.stdout.write(`ticket id to its cause, 3 interactions (/, the id, Enter): ${spread(causes)} ms\n`);
  } finally {
    await backend.stop();
    directory.remove();
  }
}

async function measureSearches(): Promise<void> {
  const directory =
    values.data === undefined ? newDirectory() : { path: values.data, remove: () => undefined };
  const backend = await start(["traces"], directory.path);
  try {
    if (values.data === undefined) {
      await sendCorpus(backend.ready["otlpHttp"] ?? "", Number(values.search));
      await sleep(settleMs);
    }
    await measureSearch(browser, { address: backend.ready["console"] ?? "", pid: backend.ready.pid }, rounds);
  } finally {
    await backend.stop();
    directory.remove();
  }
}

/** Milliseconds from the address to a row that a key has chosen and that was drawn. */
async function open(page: Page, address: string, trace: number): Promise<number> {
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

async function openHome(page: Page, address: string): Promise<number> {
  await page.goto(address, { waitUntil: "commit" });
  await page.waitForFunction(
    "document.querySelector('main h1, main h2') !== null && document.querySelector('main .skeleton') === null",
    undefined,
    { polling: "raf" },
  );
  return page.evaluate("performance.now()");
}

/** Milliseconds from the first key to the cause on the screen. */
async function toCause(page: Page, address: string): Promise<number> {
  await openHome(page, address);
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

interface Heap {
  usedBytes: number;
  /** Of array buffers: the engine keeps them outside of its heap. */
  bufferBytes: number;
}

/** After a collection of garbage: JavaScript and array buffers of the page and of its worker; and what their process takes of the machine. */
async function memory(
  page: Page,
  session: CDPSession,
): Promise<{ own: Heap; worker: Heap; residentMb: number }> {
  if (page.workers().length !== 1) throw new Error(`the page has ${page.workers().length} workers`);
  const worker = await workerSession(session);
  const heapOf = async (ask: (method: string) => Promise<unknown>): Promise<Heap> => {
    await ask("HeapProfiler.enable");
    await ask("HeapProfiler.collectGarbage");
    const { usedSize, backingStorageSize } = (await ask("Runtime.getHeapUsage")) as {
      usedSize: number;
      backingStorageSize: number;
    };
    return { usedBytes: usedSize, bufferBytes: backingStorageSize };
  };
  const own = await heapOf((method) => session.send(method as "HeapProfiler.enable"));
  const ofWorker = await heapOf(worker);
  const { processInfo } = await browserProcesses();
  const renderers = processInfo.filter(({ type }) => type === "renderer").map(({ id }) => residentOf(id));
  return { own, worker: ofWorker, residentMb: Math.max(...renderers) };
}

/** Asks the page's worker, by way of the page. */
async function workerSession(session: CDPSession): Promise<(method: string) => Promise<unknown>> {
  const attached = new Promise<string>((resolve) =>
    session.on("Target.attachedToTarget", ({ sessionId, targetInfo }) => {
      if (targetInfo.type === "worker") resolve(sessionId);
    }),
  );
  await session.send("Target.setAutoAttach", {
    autoAttach: true,
    waitForDebuggerOnStart: false,
    flatten: false,
  });
  const sessionId = await attached;
  let lastId = 0;
  return (method) => {
    const id = ++lastId;
    const answered = new Promise<unknown>((resolve) => {
      session.on("Target.receivedMessageFromTarget", ({ message }) => {
        const answer = JSON.parse(message) as { id?: number; result?: unknown };
        if (answer.id === id) resolve(answer.result);
      });
    });
    return session
      .send("Target.sendMessageToTarget", { sessionId, message: JSON.stringify({ id, method }) })
      .then(() => answered);
  };
}

function inMb({ usedBytes, bufferBytes }: Heap): string {
  return `${(usedBytes / 2 ** 20).toFixed(1)} + ${(bufferBytes / 2 ** 20).toFixed(1)}`;
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
