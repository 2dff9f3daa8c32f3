import { openEarly } from "./trace/early-worker.ts";

/**
 * The page's first script, a few hundred bytes: at the address of a trace it starts the worker that reads it, and fetches the page's code,
 * while the rest of the console is still on its way. `TraceClient` takes the worker over.
 */
const [, traceId] = /^\/trace\/([0-9a-f]{1,32})\/?$/i.exec(location.pathname) ?? [];
if (traceId !== undefined) {
  openEarly(traceId);
  // The route fetches it as well, and says when it cannot.
  import("./pages/trace.tsx").catch(() => undefined);
}
