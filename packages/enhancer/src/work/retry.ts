import { ThroughlineError } from "@throughline/api";
import { DeskError } from "../desk/desk.ts";

const firstDelayMs = 2_000;
const longestDelayMs = 600_000;

/** Exponential back-off with full jitter. Milliseconds. */
export function backoffMs(attempt: number): number {
  return Math.round(Math.random() * Math.min(longestDelayMs, firstDelayMs * 2 ** (attempt - 1)));
}

/** How long a tenant's jobs wait after a 429: as the desk says, else as long as a first failure at most, never for no time. */
export function throttleMs(attempt: number, retryAfterMs: number | undefined): number {
  const wished = retryAfterMs ?? firstDelayMs * 2 ** (attempt - 1);
  return Math.min(longestDelayMs, Math.max(100, wished));
}

/** The desk takes no more for now: no fault of the ticket. */
export function isThrottled(error: unknown): error is DeskError {
  return error instanceof DeskError && error.kind === "throttled";
}

/** Trying again cannot help: the desk refused, or the tenant is gone. */
export function isPermanent(error: unknown): boolean {
  if (error instanceof DeskError) return error.kind === "permanent";
  return error instanceof ThroughlineError && error.code === "TL_TENANT_UNKNOWN";
}
