import type { ReactNode } from "react";
import { ApiError } from "../api/client.ts";

export function Loading({ what }: { what: string }) {
  return (
    <div className="state" role="status" aria-live="polite">
      <div className="skeleton" aria-hidden="true">
        <span />
        <span />
        <span />
      </div>
      <p className="muted">Loading {what}…</p>
    </div>
  );
}

export function Empty({ title, children }: { title: string; children: ReactNode }) {
  return (
    <div className="state">
      <h2>{title}</h2>
      {children}
    </div>
  );
}

export function Failed({ error, onRetry }: { error: Error; onRetry: () => void }) {
  const { code, remedy } = error instanceof ApiError ? error : { code: undefined, remedy: undefined };
  return (
    <div className="state state-failed" role="alert">
      <h2>{error.message}</h2>
      {remedy !== undefined && <p>{remedy}</p>}
      {code !== undefined && <p className="muted mono">{code}</p>}
      <button type="button" className="button" onClick={onRetry}>
        Try again
      </button>
    </div>
  );
}
