import { Link, Outlet } from "@tanstack/react-router";
import { useState } from "react";
import { Finder } from "../ui/finder.tsx";
import { currentTheme, toggleTheme } from "../ui/theme.ts";

export function Layout() {
  const [theme, setTheme] = useState(currentTheme);
  return (
    <>
      <a className="skip" href="#content">
        Skip to content
      </a>
      <header className="top">
        <Link to="/" className="brand">
          <svg viewBox="0 0 32 32" width="22" height="22" aria-hidden="true">
            <rect width="32" height="32" rx="8" fill="var(--accent)" />
            <g stroke="#fff" strokeWidth="3" strokeLinecap="round">
              <path d="M7 10h14" />
              <path d="M11 16h14" />
              <path d="M15 22h6" />
            </g>
          </svg>
          Throughline
        </Link>
        <nav aria-label="Main">
          <Link
            to="/"
            activeOptions={{ exact: true, includeSearch: false }}
            activeProps={{ "aria-current": "page" }}
          >
            Tickets
          </Link>
          <Link
            to="/search"
            activeOptions={{ includeSearch: false }}
            activeProps={{ "aria-current": "page" }}
          >
            Search
          </Link>
        </nav>
        <Finder />
        <button type="button" className="button quiet" onClick={() => setTheme(toggleTheme())}>
          {theme === "dark" ? "Light" : "Dark"}
        </button>
      </header>
      <main id="content" tabIndex={-1}>
        <Outlet />
      </main>
    </>
  );
}
