import { Link, Outlet } from "@tanstack/react-router";
import { Finder } from "../ui/finder.tsx";
import { Icon, Logo } from "../ui/icons.tsx";
import { nextChoice, useTheme } from "../ui/theme.tsx";

/** What every page has: the way to the others, the finder, the theme. */
export function Layout() {
  return (
    <>
      <a className="skip" href="#content">
        Skip to content
      </a>
      <header className="top">
        <Link to="/" className="brand">
          <Logo />
          Throughline
        </Link>
        <nav aria-label="Main">
          <Link to="/" activeOptions={{ exact: true, includeSearch: false }}>
            Tickets
          </Link>
          <Link to="/search" activeOptions={{ includeSearch: false }}>
            Search
          </Link>
        </nav>
        <Finder />
        <ThemeButton />
      </header>
      <main id="content" tabIndex={-1}>
        <Outlet />
      </main>
    </>
  );
}

function ThemeButton() {
  const { choice, choose } = useTheme();
  const next = nextChoice(choice);
  return (
    <button
      type="button"
      className="icon-button"
      aria-label={`Theme: ${choice}. Change to ${next}`}
      title={`Theme: ${choice}`}
      onClick={() => choose(next)}
    >
      <Icon name={choice} />
    </button>
  );
}
