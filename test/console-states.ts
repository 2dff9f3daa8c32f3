import type { Page } from "playwright-core";
import { hostileTrace, olderTrace, shopTrace } from "./console-trace-spans.ts";

/** A page of the console in a state that somebody may meet. */
export interface PageState {
  name: string;
  path: string;
  /** Brings it from the page as it opens into the state. Resolves when that is on the screen. */
  reach: (page: Page) => Promise<unknown>;
}

const sees = (text: string | RegExp) => (page: Page) => page.getByText(text).first().waitFor();
const heading = (name: string | RegExp) => (page: Page) =>
  page.getByRole("heading", { name }).first().waitFor();
const spans = (page: Page) => page.getByRole("treegrid", { name: "Spans" }).waitFor();
const press = (page: Page, name: string | RegExp) => page.getByRole("button", { name }).first().click();

/** A demo's tickets, and the traces of `console-trace-spans.ts`. */
export const pageStates: readonly PageState[] = [
  { name: "tickets", path: "/", reach: sees("3 tickets, live") },
  { name: "tickets: none fits", path: "/?tenant=nobody", reach: heading("No ticket fits") },
  {
    name: "ticket that failed",
    path: "/ticket/DEMO-403",
    reach: async (page) => {
      await page
        .getByRole("region", { name: "Why" })
        .getByText(/403 Forbidden/)
        .waitFor();
      await page.getByRole("log").waitFor();
    },
  },
  {
    name: "ticket with a note",
    path: "/ticket/DEMO-900",
    reach: async (page) => {
      await page.getByText("The note is on the ticket").waitFor();
      await page.getByRole("log").waitFor();
    },
  },
  {
    name: "ticket: asked before it is erased",
    path: "/ticket/DEMO-403",
    reach: async (page) => {
      await press(page, "Erase");
      await page.getByRole("alertdialog").waitFor();
    },
  },
  { name: "ticket: unknown", path: "/ticket/NO-SUCH", reach: sees("Nothing is known of NO-SUCH") },
  {
    name: "search",
    path: "/search",
    reach: async (page) => {
      await heading(/^\d+ traces$/)(page);
      await page.getByRole("region", { name: "Facets" }).getByText("tenant.id", { exact: true }).waitFor();
    },
  },
  {
    name: "search: one facet open, two selected",
    path: "/search",
    reach: async (page) => {
      await page.getByRole("region", { name: "Facets" }).getByText("service.name", { exact: true }).click();
      for (const at of [0, 1])
        await page
          .getByRole("checkbox", { name: /^Select/ })
          .nth(at)
          .check();
      await page.getByText("2 traces selected").waitFor();
    },
  },
  {
    name: "search: completion",
    path: "/search",
    reach: async (page) => {
      await heading(/^\d+ traces$/)(page);
      await page.getByRole("combobox", { name: "Ticket id, trace id or condition" }).fill("db.s");
      await page
        .getByRole("option", { name: /db\.system / })
        .first()
        .waitFor();
    },
  },
  {
    name: "search: downloads",
    path: "/search",
    reach: async (page) => {
      await press(page, "Download");
      await page.getByRole("menuitem", { name: "Parquet" }).waitFor();
    },
  },
  {
    name: "search: saved",
    path: "/search?service=shop",
    reach: async (page) => {
      await press(page, "Saved");
      await page.getByRole("textbox", { name: "Name" }).fill("of the shop");
      await press(page, /^Save$/);
      await page.getByRole("link", { name: "of the shop" }).waitFor();
    },
  },
  { name: "search: nothing fits", path: "/search?where=tenant.id+%3D+nobody", reach: sees("No trace fits") },
  {
    name: "search: wrong condition",
    path: "/search?where=tenant.id+%3E",
    reach: (page) => page.getByRole("alert").waitFor(),
  },
  { name: "search: wrong tag", path: "/search?tags=oops", reach: sees(/is no tag/) },
  { name: "trace", path: `/trace/${shopTrace}`, reach: spans },
  {
    name: "trace: span that failed",
    path: `/trace/${shopTrace}?span=0000000000000004`,
    reach: async (page) => {
      await spans(page);
      await page.getByRole("note", { name: "Error" }).waitFor();
      await page.getByText("Stack", { exact: true }).click();
    },
  },
  {
    name: "trace: clocks, and found spans",
    path: `/trace/${shopTrace}?find=order`,
    reach: async (page) => {
      await page.getByText("A clock is off").click();
      await page.getByText(/seems 150 ms behind/).waitFor();
    },
  },
  {
    name: "trace: subtree, zoomed",
    path: `/trace/${shopTrace}?focus=0000000000000005&range=400000000-900000000`,
    reach: spans,
  },
  {
    name: "trace: hostile",
    path: `/trace/${hostileTrace}?span=000000000000000a`,
    reach: sees(/Show all [\d,]+ characters/),
  },
  {
    name: "trace: flame graph",
    path: `/trace/${shopTrace}?view=flame&span=0000000000000006`,
    reach: (page) => page.getByRole("application", { name: /^Flame graph/ }).waitFor(),
  },
  {
    name: "trace: statistics",
    path: `/trace/${shopTrace}?view=statistics`,
    reach: (page) => page.getByRole("row", { name: /worker: take order/ }).waitFor(),
  },
  {
    name: "trace: graph",
    path: `/trace/${shopTrace}?view=graph`,
    reach: (page) => page.locator(".graph-node").first().waitFor(),
  },
  {
    name: "trace: JSON",
    path: `/trace/${shopTrace}?view=json&span=0000000000000006`,
    reach: (page) => page.locator("pre.marked").waitFor(),
  },
  { name: "trace: unknown", path: `/trace/${"a".repeat(32)}`, reach: sees("No such trace is stored") },
  { name: "compare: empty", path: "/compare", reach: heading("Compare") },
  {
    name: "compare",
    path: `/compare?a=${olderTrace}&b=${shopTrace}`,
    reach: (page) => page.getByText("only in A").first().waitFor(),
  },
  { name: "compare: wrong", path: "/compare?a=the+slow+ones&b=1", reach: sees(/names neither traces/) },
  {
    name: "differences of the failed",
    path: "/differences",
    reach: sees(/\d traces? failed against/),
  },
  { name: "differences of the slow", path: "/differences?select=slow", reach: sees(/against \d/) },
  { name: "services", path: "/services", reach: (page) => page.getByRole("table").first().waitFor() },
  {
    name: "services: one",
    path: "/services?service=worker",
    reach: async (page) => {
      await heading("worker")(page);
      await page.getByRole("table", { name: "Exemplars" }).waitFor();
    },
  },
  {
    name: "services: none",
    path: "/services?start=1000000&end=61000000",
    reach: heading("No service was heard of"),
  },
  {
    name: "dependencies",
    path: "/dependencies",
    reach: (page) => page.getByRole("table", { name: "Calls" }).waitFor(),
  },
  {
    name: "dependencies: matrix",
    path: "/dependencies?view=matrix",
    reach: (page) => page.getByRole("table", { name: "Who calls whom" }).waitFor(),
  },
  {
    name: "dependencies: none",
    path: "/dependencies?start=1000000&end=61000000",
    reach: heading("No calls between services"),
  },
  {
    name: "system",
    path: "/system",
    reach: async (page) => {
      await page.getByRole("table", { name: "Parts" }).waitFor();
      await heading("Storage")(page);
      await page.getByRole("slider").waitFor();
    },
  },
  { name: "gallery", path: "/gallery", reach: heading("Gallery") },
  { name: "no such page", path: "/no/such/page", reach: (page) => page.locator("main h1").waitFor() },
  {
    name: "commands",
    path: "/",
    reach: async (page) => {
      await press(page, "Commands");
      await page.getByRole("option", { name: /Go to Search/ }).waitFor();
    },
  },
  {
    name: "keys",
    path: `/trace/${shopTrace}`,
    reach: async (page) => {
      await spans(page);
      await page.keyboard.press("?");
      await page.getByRole("dialog", { name: "Keyboard" }).waitFor();
    },
  },
  {
    name: "settings",
    path: "/search",
    reach: async (page) => {
      await press(page, "Settings");
      await page.getByRole("dialog", { name: "Settings" }).waitFor();
    },
  },
  {
    name: "a message of what failed",
    path: "/search",
    reach: async (page) => {
      await heading(/^\d+ traces$/)(page);
      await page.keyboard.press("/");
      await page.keyboard.type("NO-SUCH-TICKET");
      await page.keyboard.press("Enter");
      await page.getByText("Nothing is stored for NO-SUCH-TICKET").first().waitFor();
    },
  },
];
