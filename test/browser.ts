import axe, { type AxeResults } from "axe-core";
import {
  type Browser,
  type BrowserContextOptions,
  chromium,
  type Page,
  type Response,
} from "playwright-core";
import { afterAll, beforeAll, expect, onTestFinished } from "vitest";
import { program } from "./programs.ts";

const quiet = [
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

let browser: Browser | undefined;

/** Chromium for the tests of a file. */
export function useBrowser(): void {
  beforeAll(async () => {
    browser = await chromium.launch({
      executablePath: program("chromium"),
      args: ["--no-sandbox", ...quiet],
    });
  }, 300_000);
  afterAll(async () => {
    await browser?.close();
  });
}

export interface OpenPage {
  page: Page;
  /** Answers so far. */
  responses: Response[];
  /** What the page may never do: errors in its log, breaches of its content security policy, requests to other origins. */
  complaints: string[];
}

/** A page of a browser of its own: nothing is kept from one to the next. */
export async function openPage(origin: string, options: BrowserContextOptions = {}): Promise<OpenPage> {
  if (browser === undefined) throw new Error("useBrowser() is missing at the top of the file");
  const context = await browser.newContext({
    baseURL: origin,
    viewport: { width: 1440, height: 900 },
    ...options,
  });
  onTestFinished(() => context.close());
  const page = await context.newPage();
  page.setDefaultTimeout(30_000);
  const complaints: string[] = [];
  const responses: Response[] = [];
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("console", (message) => {
    if (message.type() === "error") complaints.push(message.text());
  });
  page.on("request", (request) => {
    const { protocol, origin: asked } = new URL(request.url());
    if (protocol !== "data:" && protocol !== "blob:" && asked !== origin)
      complaints.push(`request to ${request.url()}`);
  });
  page.on("response", (response) => responses.push(response));
  return { page, responses, complaints };
}

/** Holds the page as it is now against the rules of axe (WCAG 2.2 A and AA, best practices). */
export async function expectAccessible(page: Page, name = page.url()): Promise<void> {
  // Colours that fade in are not the ones that stay.
  await page.evaluate(
    "Promise.all(document.getAnimations().filter((one) => one.effect.getTiming().iterations !== Infinity).map((one) => one.finished))",
  );
  await page.evaluate(axe.source);
  const { violations: found } = await page.evaluate<AxeResults>("axe.run(document)");
  const violations = found.flatMap(({ id, nodes }) =>
    nodes.map(({ html, failureSummary }) => `${id}: ${html} ${failureSummary ?? ""}`),
  );
  expect([name, violations]).toEqual([name, []]);
}

/** Whether the page is wider than its window. */
export function overflows(page: Page): Promise<boolean> {
  return page.evaluate<boolean>(
    '[document.documentElement, document.querySelector("main")].some((one) => one.scrollWidth > one.clientWidth)',
  );
}

/** What a reader can neither see whole nor scroll to: beyond an edge of the window, and not cut on purpose with an ellipsis. */
export function cutOff(page: Page): Promise<string[]> {
  return page.evaluate<string[]>(`(() => {
    const width = document.documentElement.clientWidth;
    const isReached = (one) => {
      for (let above = one.parentElement; above; above = above.parentElement) {
        const { overflowX, textOverflow } = getComputedStyle(above);
        if (overflowX === "auto" || overflowX === "scroll" || textOverflow === "ellipsis") return true;
        if (above.classList.contains("unseen")) return true;
      }
      return one.classList.contains("unseen") || one.classList.contains("skip");
    };
    return [...document.querySelectorAll("main :is(a, button, input, select, h1, h2, h3, p, th, td, summary, label), header :is(a, button, input), [role=dialog] *")]
      .filter((one) => one.checkVisibility({ visibilityProperty: true }))
      .filter((one) => {
        const { left, right, width: own } = one.getBoundingClientRect();
        return own > 1 && (left < -1 || right > width + 1) && !isReached(one);
      })
      .map((one) => one.outerHTML.slice(0, 200));
  })()`);
}

/** Told by eye: what differs by less is how letters are drawn. */
const visible = 48;

/** Which share of two pictures' pixels differ, 0 to 1; 1 where their sizes do. */
export async function pictureDifference(page: Page, one: Buffer, other: Buffer): Promise<number> {
  const blank = await page.context().newPage();
  try {
    return await blank.evaluate<number>(`(async () => {
      const pixels = async (base64) => {
        const image = new Image();
        // Of whatever kind: the browser looks.
        image.src = "data:image/png;base64," + base64;
        await image.decode();
        const canvas = new OffscreenCanvas(image.width, image.height);
        const pen = canvas.getContext("2d");
        pen.drawImage(image, 0, 0);
        return pen.getImageData(0, 0, image.width, image.height);
      };
      const a = await pixels("${one.toString("base64")}");
      const b = await pixels("${other.toString("base64")}");
      if (a.width !== b.width || a.height !== b.height) return 1;
      let differing = 0;
      for (let at = 0; at < a.data.length; at += 4)
        if ([0, 1, 2].some((c) => Math.abs(a.data[at + c] - b.data[at + c]) > ${visible})) differing++;
      return differing / (a.width * a.height);
    })()`);
  } finally {
    await blank.close();
  }
}
