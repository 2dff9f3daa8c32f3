import { createRootRoute, createRoute, createRouter } from "@tanstack/react-router";
import {
  formatUrlSearch,
  parseUrlSearch,
  searchView,
  ticketsView,
  traceViewSearch,
} from "./api/parameters.ts";
import { Layout } from "./pages/layout.tsx";
import { NotFoundPage } from "./pages/not-found.tsx";
import { SearchPage } from "./pages/search.tsx";
import { TicketsPage } from "./pages/tickets.tsx";
import { TracePage } from "./pages/trace.tsx";

/** The whole map. The URL holds each page's view. */
const rootRoute = createRootRoute({ component: Layout, notFoundComponent: NotFoundPage });

const ticketsRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/",
  validateSearch: ticketsView,
  component: TicketsPage,
});
const searchRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/search",
  validateSearch: searchView,
  component: SearchPage,
});
const traceRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/trace/$traceId",
  validateSearch: traceViewSearch,
  component: TracePage,
});

const routeTree = rootRoute.addChildren([ticketsRoute, searchRoute, traceRoute]);

export function createAppRouter() {
  return createRouter({
    routeTree,
    defaultPreload: false,
    scrollRestoration: true,
    parseSearch: parseUrlSearch,
    stringifySearch: formatUrlSearch,
  });
}

declare module "@tanstack/react-router" {
  interface Register {
    router: ReturnType<typeof createAppRouter>;
  }
}
