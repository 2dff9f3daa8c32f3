import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { ApiError } from "./api/http.ts";
import { createAppRouter } from "./routes.tsx";
import "./ui/base.css";
import "./ui/controls.css";
import "./ui/list.css";
import "./ui/overlays.css";
import { ThemeProvider } from "./ui/theme.tsx";
import { ZoneProvider } from "./ui/zone.tsx";

const queries = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 2_000,
      // An answer that says what is wrong does not get better by asking again.
      retry: (failures, error) => failures < 1 && error instanceof ApiError && error.status >= 500,
    },
  },
});
const router = createAppRouter();

const root = document.getElementById("root");
if (root === null) throw new Error("index.html has no #root");
createRoot(root).render(
  <StrictMode>
    <ThemeProvider>
      <ZoneProvider>
        <QueryClientProvider client={queries}>
          <RouterProvider router={router} />
        </QueryClientProvider>
      </ZoneProvider>
    </ThemeProvider>
  </StrictMode>,
);
