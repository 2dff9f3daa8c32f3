import { Agent as HttpAgent, type ClientRequest, request as httpRequest } from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import { explainConnection, hostOf, isUnsendable } from "./connection-error.ts";
import { type HttpAnswer, judge, readAnswer } from "./http-answer.ts";
import { type Attempt, longestTimerMs, withRetry } from "./retry.ts";
import type { OtlpTransport, OtlpTransportOptions, SendOutcome } from "./transport.ts";
import { userAgent } from "./user-agent.ts";

const compress = promisify(gzip);
/** They are ours or the connection's, not the caller's. */
const reserved =
  /^(?::|(?:content-type|content-length|content-encoding|accept-encoding|host|connection|keep-alive|transfer-encoding|te|trailer|upgrade|expect|user-agent)$)/i;

/** OTLP over HTTP, protobuf or JSON. Redirects are not followed: credentials would go where nobody sent them. */
export class HttpTransport implements OtlpTransport {
  private readonly options: OtlpTransportOptions;
  private readonly plain = new HttpAgent({ keepAlive: true, maxSockets: 4 });
  private readonly secure: HttpsAgent;
  private readonly stop = new AbortController();

  constructor(options: OtlpTransportOptions) {
    this.options = options;
    this.secure = new HttpsAgent({ keepAlive: true, maxSockets: 4, ...options.tls });
  }

  async send(body: Uint8Array, deadlineMs: number): Promise<SendOutcome> {
    const sent = this.options.compression === "gzip" ? await compress(body) : body;
    return withRetry((leftMs) => this.attempt(sent, leftMs), deadlineMs, this.stop.signal);
  }

  close(): Promise<void> {
    this.stop.abort();
    this.plain.destroy();
    this.secure.destroy();
    return Promise.resolve();
  }

  private async attempt(body: Uint8Array, leftMs: number): Promise<Attempt> {
    const { endpoint, requestTimeoutMs, protocol } = this.options;
    const address = endpoint();
    const timeoutMs = Math.min(leftMs, requestTimeoutMs === 0 ? Number.POSITIVE_INFINITY : requestTimeoutMs);
    try {
      return judge(await this.post(address, body, timeoutMs), protocol, hostOf(address));
    } catch (error) {
      const reason = `${hostOf(address)}: ${explainConnection(error)}`;
      return { kind: isUnsendable(error) ? "refused" : "retry", reason };
    }
  }

  private post(address: string, body: Uint8Array, timeoutMs: number): Promise<HttpAnswer> {
    return new Promise((resolve, reject) => {
      const outgoing = this.request(new URL(address), body.length);
      const giveUp = () => {
        reject(new Error(`no answer within ${Math.round(timeoutMs)} ms`));
        outgoing.destroy();
      };
      const timer = Number.isFinite(timeoutMs)
        ? setTimeout(giveUp, Math.min(timeoutMs, longestTimerMs))
        : undefined;
      outgoing.on("error", reject);
      outgoing.on("response", (incoming) => void readAnswer(incoming).then(resolve, reject));
      outgoing.on("close", () => clearTimeout(timer));
      outgoing.end(body);
    });
  }

  private request(url: URL, length: number): ClientRequest {
    const { protocol, compression } = this.options;
    const headers = { ...this.options.defaultHeaders?.(), ...this.options.headers };
    const isSecure = url.protocol === "https:";
    return (isSecure ? httpsRequest : httpRequest)(url, {
      method: "POST",
      agent: isSecure ? this.secure : this.plain,
      signal: this.stop.signal,
      headers: {
        ...Object.fromEntries(Object.entries(headers).filter(([name]) => !reserved.test(name))),
        "content-type": protocol === "http/json" ? "application/json" : "application/x-protobuf",
        "content-length": length,
        "user-agent": userAgent,
        ...(compression === "gzip" ? { "content-encoding": "gzip" } : {}),
      },
    });
  }
}
