import "./without-eval.ts";
import { ticketStatus } from "@throughline/api";
import { z } from "zod";
import { parseTags } from "./tags.ts";

const text = z
  .string()
  .trim()
  .transform((value) => (value === "" ? undefined : value))
  .optional()
  .catch(undefined);

/** Microseconds since the epoch, as Jaeger's URLs have them. */
const microseconds = z.coerce.number().int().positive().max(8.64e18).optional().catch(undefined);

/** The views that the URLs hold. A parameter that does not fit is left out, never an error. */
export const ticketsView = z.object({
  /** A ticket's id. */
  q: text,
  tenant: text,
  status: ticketStatus.optional().catch(undefined),
  /** The newest first unless another is named. */
  order: z.enum(["failed", "slow"]).optional().catch(undefined),
});
export type TicketsView = z.infer<typeof ticketsView>;

export const ticketViewSearch = z.object({ tenant: text });

/** Jaeger's own parameter names where it has them; durations as Go writes them. */
export const searchView = z.object({
  q: text,
  /** A condition (docs/search.md). */
  where: text,
  service: text,
  operation: text,
  tags: text,
  minDuration: text,
  maxDuration: text,
  lookback: text,
  /** A window of fixed times, as links of alerts and dashboards have it, in place of the look-back. */
  start: microseconds,
  end: microseconds,
  limit: z.coerce.number().int().min(1).max(1_500).optional().catch(undefined),
  status: z.enum(["error"]).optional().catch(undefined),
  /** Of the whole trace, where the plot was zoomed into. */
  minTrace: text,
  maxTrace: text,
  /** Of the list; the newest first unless named. */
  sort: z.enum(["longest", "shortest", "spans", "errors"]).optional().catch(undefined),
  /** 1: asked again and again. */
  live: z.coerce.number().int().min(1).max(1).optional().catch(undefined),
});
export type SearchView = z.infer<typeof searchView>;

export const traceViewSearch = z.object({
  /** The span whose panel is open. */
  span: text,
  /** The stretch that is zoomed into, nanoseconds after the trace's start: `from-to`. */
  range: text,
  /** How it is shown; the timeline where none is named. */
  view: z.enum(["flame", "statistics", "graph", "json"]).optional().catch(undefined),
  /** Only this span and what is below it. */
  focus: text,
  /** What is looked for in the trace. */
  find: text,
  /** `adjusted`: clocks that run ahead or behind are set right. */
  clocks: z.enum(["adjusted"]).optional().catch(undefined),
  /** What statistics are by: `service`, or an attribute's key behind a colon. */
  by: text,
});
export type TraceViewSearch = z.infer<typeof traceViewSearch>;

/** What rates are counted of, and when. */
const spanWindowView = z.object({ lookback: text, start: microseconds, end: microseconds });

export const servicesView = spanWindowView.extend({
  service: text,
  operation: text,
  /** Requests that come in unless others are named. */
  spans: z.enum(["calls", "all"]).optional().catch(undefined),
  /** Of the list; where the time goes first unless named. */
  sort: z.enum(["errors", "slow", "name"]).optional().catch(undefined),
});
export type ServicesView = z.infer<typeof servicesView>;

export const dependenciesView = spanWindowView.extend({
  /** The graph unless named. */
  view: z.enum(["matrix"]).optional().catch(undefined),
  /** The service whose calls alone are shown. */
  focus: text,
  /** What the cells of the matrix show. */
  measure: z.enum(["calls", "errors", "latency"]).optional().catch(undefined),
});
export type DependenciesView = z.infer<typeof dependenciesView>;

/** Either side: ids of traces, or the address or parameters of a search. */
export const compareView = z.object({ a: text, b: text });

/** A search, and which of its traces are held against the rest. */
export const differencesView = searchView.extend({
  select: z.enum(["error", "slow"]).optional().catch(undefined),
});

/** Everything that is stored; only offered, never Jaeger's. */
export const anyTime = "all";
export const defaultLookback = "2d";
export const defaultLimit = 100;
export const lookbacks = ["15m", "1h", "6h", "12h", "1d", defaultLookback, "7d", anyTime];

const ticketsOfPage = 100;

const unitMs: Readonly<Record<string, number>> = {
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};

/** Milliseconds of a look-back such as `15m` or `2d`; undefined where it has no bound. */
export function lookbackMs(lookback: string): number | undefined {
  const [, count, unit] = /^(\d{1,6})([smhdw])$/.exec(lookback) ?? [];
  return count === undefined ? undefined : Number(count) * (unitMs[unit ?? ""] ?? 0);
}

/** A look-back that is named beside the window is Jaeger's `custom`, or what came in its place. */
export function isFixedWindow({ start, end, lookback }: SearchView): boolean {
  const isNamed = lookback !== undefined && (lookback === anyTime || lookbackMs(lookback) !== undefined);
  return !isNamed && (start !== undefined || end !== undefined);
}

/** The search page's view as the API's query. */
export function searchQuery(view: SearchView, now: number): URLSearchParams {
  const query = new URLSearchParams();
  for (const key of ["q", "where", "service", "operation", "minDuration", "maxDuration", "status"] as const) {
    const value = view[key];
    if (value !== undefined) query.set(key, value);
  }
  if (view.minTrace !== undefined) query.set("minTraceDuration", view.minTrace);
  if (view.maxTrace !== undefined) query.set("maxTraceDuration", view.maxTrace);
  for (const { key, value } of parseTags(view.tags ?? "").tags) query.append("tag", `${key}=${value}`);
  if (isFixedWindow(view)) {
    for (const bound of ["start", "end"] as const) {
      const value = view[bound];
      if (value !== undefined) query.set(bound, new Date(value / 1_000).toISOString());
    }
  } else {
    // Who names a ticket wants it, however old.
    const back = lookbackMs(view.lookback ?? (view.q === undefined ? defaultLookback : anyTime));
    if (back !== undefined) query.set("start", new Date(now - back).toISOString());
  }
  query.set("limit", String(view.limit ?? defaultLimit));
  return query;
}

/** The tickets page's view as the API's query. */
export function ticketsQuery(
  { q, tenant, status, order }: TicketsView,
  cursor: string | undefined,
): URLSearchParams {
  const asked = { ticket: q, tenant, status, order, cursor };
  const query = new URLSearchParams({ limit: String(ticketsOfPage) });
  for (const [key, value] of Object.entries(asked)) if (value !== undefined) query.set(key, value);
  return query;
}

/** Search parameters of a URL as plain text: a ticket called 1e5 is not the number 100000. */
export function parseUrlSearch(search: string): Record<string, string> {
  return Object.fromEntries(new URLSearchParams(search));
}

export function formatUrlSearch(search: Record<string, unknown>): string {
  const parameters = new URLSearchParams();
  for (const [key, value] of Object.entries(search)) {
    if (typeof value === "string" || typeof value === "number") parameters.set(key, String(value));
  }
  return parameters.size === 0 ? "" : `?${parameters.toString()}`;
}
