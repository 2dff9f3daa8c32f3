import { ThroughlineError } from "@throughline/api";
import { DeskError } from "../desk/desk.ts";

const firstDelayMs = 2_000;
const longestDelayMs = 600_000;

/** Exponential back-off with full jitter; a desk that says when to come again is heard. Milliseconds. */
export function backoffMs(attempt: number, retryAfterMs: number | undefined): number {
  if (retryAfterMs !== undefined) return Math.min(retryAfterMs, longestDelayMs);
  return Math.round(Math.random() * Math.min(longestDelayMs, firstDelayMs * 2 ** (attempt - 1)));
}

/** Trying again cannot help: the desk refused, or the tenant is gone. */
export function isPermanent(error: unknown): boolean {
  if (error instanceof DeskError) return error.kind === "permanent";
  return error instanceof ThroughlineError && error.code === "TL_TENANT_UNKNOWN";
}
