import type { ReactNode } from "react";
import { ApiError } from "../api/http.ts";
import { CopyButton } from "./copy-button.tsx";
import { Icon } from "./icons.tsx";
import { useClockFormat } from "./zone.tsx";

/** Grey lines where the content will stand. */
export function Loading({ what, rows = 6 }: { what: string; rows?: number }) {
  return (
    <div className="skeleton" role="status">
      <span className="unseen">Loading {what}…</span>
      {Array.from({ length: rows }, (_, row) => (
        <i key={row} style={{ width: `${92 - ((row * 17) % 45)}%` }} />
      ))}
    </div>
  );
}

/** Nothing to show; the children say what to do next. `isPage`: there is nothing else on the page. */
export function Empty({
  title,
  isPage = false,
  children,
}: {
  title: string;
  isPage?: boolean;
  children: ReactNode;
}) {
  return (
    <div className="state">
      {isPage ? <h1>{title}</h1> : <h2>{title}</h2>}
      {children}
    </div>
  );
}

/** A command to type, with a button that copies it. */
export function Command({ children }: { children: string }) {
  return (
    <div className="command">
      {/* It scrolls where it is too long. */}
      <code tabIndex={0}>{children}</code>
      <CopyButton text={children} what="the command" />
    </div>
  );
}

function here(): string {
  return location.pathname + location.search;
}

/** `isPage`: there is nothing else on the page. */
export function Failed({
  error,
  onRetry,
  isPage = false,
}: {
  error: Error;
  onRetry: () => void;
  isPage?: boolean;
}) {
  const Title = isPage ? "h1" : "h2";
  const { code, remedy } = error instanceof ApiError ? error : { code: undefined, remedy: undefined };
  // A session ended while the page was open.
  const isLogin = code === "TL_TOKEN_REQUIRED";
  return (
    <div className="state state-failed" role="alert">
      <Title>
        <Icon name="warn" size={18} /> {error.message}
      </Title>
      {remedy !== undefined && <p>{remedy}</p>}
      <p className="row">
        {isLogin ? (
          <a className="button primary" href={`/auth/login?next=${encodeURIComponent(here())}`}>
            Log in
          </a>
        ) : (
          <button type="button" className="button" onClick={onRetry}>
            Try again
          </button>
        )}
        {code !== undefined && <span className="muted mono">{code}</span>}
      </p>
    </div>
  );
}

/** What is on the page stays while it cannot be refreshed; this says so. */
export function Stale({ error, sinceMs }: { error: Error; sinceMs: number }) {
  const format = useClockFormat();
  return (
    <p className="stale" role="status">
      <Icon name="warn" /> Not refreshed since {format(sinceMs)}: {error.message}
    </p>
  );
}
