import { z } from "zod";
import { DeskError } from "../desk.ts";
import { DeskHttp, retryAfterMs } from "../http.ts";
import type { TokenSource } from "./client.ts";

export interface OAuthOptions {
  /** `https://accounts.zoho.com`, or that of another data centre. */
  accountsUrl: string;
  clientId: string;
  clientSecret: string;
  refreshToken: string;
  timeoutMs?: number;
  now?: () => number;
}

/** Zoho refuses more than five refreshes of one client a minute. */
const refreshesPerMinute = 5;
const minuteMs = 60_000;
/** A token is left alone so long before it ends: a call under way still arrives. */
const marginMs = 60_000;
const answerLimitBytes = 64 * 1024;
const lifeOfTokensMs = 3_600_000;

const answer = z.object({
  access_token: z.string().min(1).optional(),
  expires_in: z.coerce.number().positive().optional(),
  error: z.string().max(100).optional(),
});

/**
 * Access tokens of Zoho's OAuth, each for an hour. However many calls need one, one refresh is under way, and never more than five in
 * a minute: who comes then is told to come later, as by a throttle.
 */
export function createTokenSource(options: OAuthOptions): TokenSource {
  const { now = Date.now, timeoutMs = 15_000 } = options;
  const http = new DeskHttp();
  let current: { token: string; goodUntil: number } | undefined;
  let underWay: Promise<string> | undefined;
  let refreshedAt: number[] = [];

  async function refresh(): Promise<string> {
    refreshedAt = refreshedAt.filter((at) => at > now() - minuteMs);
    const [oldest] = refreshedAt;
    if (oldest !== undefined && refreshedAt.length >= refreshesPerMinute)
      throw new DeskError("throttled", "The desk's token was refreshed five times within a minute.", {
        retryAfterMs: oldest + minuteMs - now(),
      });
    refreshedAt.push(now());
    const response = await http.send({
      method: "POST",
      url: new URL(`${options.accountsUrl.replace(/\/+$/, "")}/oauth/v2/token`),
      headers: { "content-type": "application/x-www-form-urlencoded", accept: "application/json" },
      body: new URLSearchParams({
        grant_type: "refresh_token",
        client_id: options.clientId,
        client_secret: options.clientSecret,
        refresh_token: options.refreshToken,
      }).toString(),
      limitBytes: answerLimitBytes,
      timeoutMs,
      // Shared by all who wait: none of them may end it for the others.
      signal: new AbortController().signal,
    });
    const told = answer.safeParse(parseJson(response.text)).data;
    // Refusals come inside HTTP 200, too.
    if (told?.access_token !== undefined && response.status < 300) {
      const lifeMs = (told.expires_in ?? lifeOfTokensMs / 1_000) * 1_000;
      current = { token: told.access_token, goodUntil: now() + lifeMs - Math.min(marginMs, lifeMs / 2) };
      return told.access_token;
    }
    throw refusal(response.status, told?.error, retryAfterMs(response));
  }

  return {
    token: async (signal) => {
      if (current !== undefined && current.goodUntil > now()) return current.token;
      underWay ??= refresh().finally(() => (underWay = undefined));
      return beforeAbort(underWay, signal);
    },
    refused: (token) => {
      if (current?.token === token) current = undefined;
    },
  };
}

function refusal(status: number, error: string | undefined, retryMs: number | undefined): DeskError {
  const code = error !== undefined && /^[a-z_]{3,60}$/i.test(error) ? error : undefined;
  const said = code === undefined ? String(status) : `${status}, ${code}`;
  if (status === 429 || code === "access_denied")
    return new DeskError("throttled", `The desk's accounts server throttles (${said}).`, {
      httpStatus: status,
      retryAfterMs: retryMs ?? minuteMs,
    });
  if (status >= 500)
    return new DeskError("transient", `The desk's accounts server failed (${said}).`, { httpStatus: status });
  return new DeskError(
    "permanent",
    `The desk's accounts server refused a new token (${said}). Check client id, client secret and refresh token.`,
    { httpStatus: status },
  );
}

function beforeAbort<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  return new Promise((resolve, reject) => {
    const stop = () => reject(signal.reason as Error);
    signal.addEventListener("abort", stop, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener("abort", stop));
  });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
