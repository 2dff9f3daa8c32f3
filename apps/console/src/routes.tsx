import { createRootRoute, createRoute, createRouter, lazyRouteComponent } from "@tanstack/react-router";
import {
  compareView,
  dependenciesView,
  differencesView,
  formatUrlSearch,
  parseUrlSearch,
  searchView,
  servicesView,
  ticketsView,
  ticketViewSearch,
  traceViewSearch,
} from "./api/parameters.ts";
import { Layout } from "./pages/layout.tsx";
import { NotFoundPage } from "./pages/not-found.tsx";
import { Failed } from "./ui/states.tsx";

/** The whole map. The URL holds each page's view; a page's code comes when it is first opened. */
const rootRoute = createRootRoute({ component: Layout, notFoundComponent: NotFoundPage });

const ticketsRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/",
  validateSearch: ticketsView,
  component: lazyRouteComponent(() => import("./pages/tickets.tsx"), "TicketsPage"),
});
const ticketRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/ticket/$ticketId",
  validateSearch: ticketViewSearch,
  component: lazyRouteComponent(() => import("./pages/ticket.tsx"), "TicketPage"),
});
const searchRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/search",
  validateSearch: searchView,
  component: lazyRouteComponent(() => import("./pages/search.tsx"), "SearchPage"),
});
const traceRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/trace/$traceId",
  validateSearch: traceViewSearch,
  component: lazyRouteComponent(() => import("./pages/trace.tsx"), "TracePage"),
});

const servicesRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/services",
  validateSearch: servicesView,
  component: lazyRouteComponent(() => import("./pages/services.tsx"), "ServicesPage"),
});
const dependenciesRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/dependencies",
  validateSearch: dependenciesView,
  component: lazyRouteComponent(() => import("./pages/dependencies.tsx"), "DependenciesPage"),
});
const systemRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/system",
  component: lazyRouteComponent(() => import("./pages/system.tsx"), "SystemPage"),
});

/** The parts of the pages in all their states, for whoever changes one. */
const galleryRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/gallery",
  component: lazyRouteComponent(() => import("./pages/gallery.tsx"), "GalleryPage"),
});

const compareRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/compare",
  validateSearch: compareView,
  component: lazyRouteComponent(() => import("./pages/compare.tsx"), "ComparePage"),
});
const differencesRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/differences",
  validateSearch: differencesView,
  component: lazyRouteComponent(() => import("./pages/differences.tsx"), "DifferencesPage"),
});

const routeTree = rootRoute.addChildren([
  ticketsRoute,
  ticketRoute,
  searchRoute,
  traceRoute,
  servicesRoute,
  dependenciesRoute,
  systemRoute,
  galleryRoute,
  compareRoute,
  differencesRoute,
]);

export function createAppRouter() {
  return createRouter({
    routeTree,
    defaultPreload: "intent",
    // Not fetched, as after an upgrade of the backend; or a fault of the page itself.
    defaultErrorComponent: ({ error }) => (
      <Failed
        isPage
        error={error instanceof Error ? error : new Error(String(error))}
        onRetry={() => location.reload()}
      />
    ),
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
