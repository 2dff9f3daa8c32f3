/** Pages of the console in Chromium, headless and without a graphics card, for its benchmarks. */
import { type Browser, type CDPSession, chromium, type Page } from "playwright-core";
import { program } from "../test/programs.ts";
import { median } from "./processes.ts";

export function startBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: program("chromium"),
    args: ["--no-sandbox", "--disable-gpu", "--enable-precise-memory-info"],
  });
}

/** A page whose cache is empty. */
export async function withPage<T>(
  of: Browser,
  use: (page: Page, session: CDPSession) => Promise<T>,
): Promise<T> {
  const context = await of.newContext({ viewport: { width: 1440, height: 900 }, bypassCSP: true });
  try {
    const page = await context.newPage();
    page.setDefaultTimeout(120_000);
    return await use(page, await context.newCDPSession(page));
  } finally {
    await context.close();
  }
}

/** Median, least and most. */
export function spread(measured: readonly number[]): string {
  return `${median(measured).toFixed(0)} (${Math.min(...measured).toFixed(0)}..${Math.max(...measured).toFixed(0)})`;
}
