import { DeskHttp, type DeskResponse } from "../http.ts";
import { type Patience, retryRead } from "../retry-read.ts";
import { judgeAnswer } from "./answer.ts";

/** How an installation wants its key; versions and proxies differ, so the default sends both headers. */
type KeyStyle = "both" | "authtoken" | "authorization" | "query";

export type Credentials =
  | { kind: "key"; key: string; style: KeyStyle }
  /** Zoho's OAuth: a token that lives for an hour. */
  | { kind: "oauth"; tokens: TokenSource };

/** Gives the token that is good now; `refused` says that the desk did not take it. */
export interface TokenSource {
  token(signal: AbortSignal): Promise<string>;
  refused(token: string): void;
}

export interface ClientOptions {
  /** `http://host:port`, with or without `/api/v3`; in the cloud `https://host/app/<portal>`. */
  baseUrl: string;
  credentials: Credentials;
  /** Sent as `PORTALID`, where an installation has several portals under one address. */
  portalId?: string | undefined;
  /** Milliseconds for one call. */
  timeoutMs: number;
  /** Of a reader, all attempts together. */
  readBudgetMs: number;
}

export interface Reading {
  path: string;
  /** Becomes `input_data`. */
  input?: object;
  /** Ends the sentence "The desk refused ...". */
  asked: string;
  limitBytes?: number;
  waitsOutThrottle?: boolean;
  /** In place of the client's own; 0: asked once. */
  budgetMs?: number;
}

const answerLimitBytes = 1024 * 1024;

/** API v3 over HTTP: reads carry `input_data` in the query, writes in a form; the verdict stands in `response_status`. */
export class ServiceDeskPlusClient {
  readonly base: URL;
  private readonly http = new DeskHttp();
  private readonly options: ClientOptions;

  constructor(options: ClientOptions) {
    this.options = options;
    this.base = apiBase(options.baseUrl);
  }

  async read(reading: Reading, signal: AbortSignal) {
    const { path, input, asked, limitBytes, waitsOutThrottle = false } = reading;
    const url = this.url(path);
    if (input !== undefined) url.searchParams.set("input_data", JSON.stringify(input));
    const patience: Patience = { budgetMs: reading.budgetMs ?? this.options.readBudgetMs, waitsOutThrottle };
    return retryRead(() => this.call(url, undefined, asked, signal, limitBytes), patience, signal);
  }

  /** Asked once: what may have been done is not repeated here. */
  write(path: string, input: object, asked: string, signal: AbortSignal) {
    const body = new URLSearchParams({ input_data: JSON.stringify(input) }).toString();
    return this.call(this.url(path), body, asked, signal);
  }

  private url(path: string): URL {
    return new URL(`${this.base.href}/${path}`);
  }

  /** A token that the desk takes no more was refused before anything was done: with a new one the same is asked once more. */
  private async call(
    url: URL,
    body: string | undefined,
    asked: string,
    signal: AbortSignal,
    limitBytes = answerLimitBytes,
  ): Promise<{ status: number; body: unknown }> {
    const response = await this.send(url, body, signal, limitBytes);
    const isStale = response.status === 401 && this.options.credentials.kind === "oauth";
    const last = isStale ? await this.send(url, body, signal, limitBytes) : response;
    return { status: last.status, body: judgeAnswer(last, asked) };
  }

  private async send(
    url: URL,
    body: string | undefined,
    signal: AbortSignal,
    limitBytes: number,
  ): Promise<DeskResponse> {
    const { credentials, portalId, timeoutMs } = this.options;
    const oauthToken = credentials.kind === "oauth" ? await credentials.tokens.token(signal) : undefined;
    if (credentials.kind === "key" && credentials.style === "query")
      url.searchParams.set("TECHNICIAN_KEY", credentials.key);
    const response = await this.http.send({
      method: body === undefined ? "GET" : "POST",
      url,
      headers: {
        accept: "application/vnd.manageengine.sdp.v3+json",
        ...keyHeaders(credentials, oauthToken),
        ...(portalId === undefined ? {} : { portalid: portalId }),
        ...(body === undefined ? {} : { "content-type": "application/x-www-form-urlencoded;charset=UTF-8" }),
      },
      ...(body === undefined ? {} : { body }),
      limitBytes,
      timeoutMs,
      signal,
    });
    if (response.status === 401 && credentials.kind === "oauth" && oauthToken !== undefined)
      credentials.tokens.refused(oauthToken);
    return response;
  }
}

function keyHeaders(credentials: Credentials, oauthToken: string | undefined): Record<string, string> {
  if (credentials.kind === "oauth") return { authorization: `Zoho-oauthtoken ${oauthToken ?? ""}` };
  const { key, style } = credentials;
  return {
    ...(style === "both" || style === "authtoken" ? { authtoken: key } : {}),
    ...(style === "both" || style === "authorization" ? { authorization: `authtoken: ${key}` } : {}),
  };
}

function apiBase(baseUrl: string): URL {
  const url = new URL(baseUrl);
  url.pathname = url.pathname.replace(/\/+$/, "").replace(/\/api\/v3$/, "") + "/api/v3";
  url.search = "";
  url.hash = "";
  return url;
}
