import { Agent as HttpAgent, type IncomingMessage, request as httpRequest } from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import { explainConnection } from "./connection-error.ts";
import { type Attempt, withRetry } from "./retry.ts";
import { MalformedMessage, partialSuccess, readable, statusMessage } from "./rpc-status.ts";
import type { OtlpTransport, OtlpTransportOptions, SendOutcome } from "./transport.ts";

const compress = promisify(gzip);
const answerLimit = 4 * 1024 * 1024;
/** OTLP specification, "Retryable Response Codes". */
const retryable = new Set([429, 502, 503, 504]);
const reserved =
  /^(?:content-type|content-length|content-encoding|host|connection|transfer-encoding|user-agent)$/i;

interface Answer {
  status: number;
  headers: IncomingMessage["headers"];
  body: Buffer;
}

/** OTLP over HTTP, protobuf or JSON. Redirects are not followed: credentials would go where nobody sent them. */
export class HttpTransport implements OtlpTransport {
  private readonly options: OtlpTransportOptions;
  private readonly plain = new HttpAgent({ keepAlive: true, maxSockets: 2 });
  private readonly secure: HttpsAgent;
  private readonly stop = new AbortController();

  constructor(options: OtlpTransportOptions) {
    this.options = options;
    this.secure = new HttpsAgent({ keepAlive: true, maxSockets: 2, ...options.tls });
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
    const { endpoint, requestTimeoutMs } = this.options;
    const address = endpoint();
    const timeoutMs = Math.min(leftMs, requestTimeoutMs === 0 ? Number.POSITIVE_INFINITY : requestTimeoutMs);
    try {
      return this.judge(await this.post(address, body, timeoutMs), address);
    } catch (error) {
      const where = URL.canParse(address) ? new URL(address).host : address;
      return { kind: "retry", reason: `${where}: ${explainConnection(error)}` };
    }
  }

  private post(address: string, body: Uint8Array, timeoutMs: number): Promise<Answer> {
    const { headers, protocol, compression } = this.options;
    const url = new URL(address);
    const isSecure = url.protocol === "https:";
    const given = Object.entries(headers).filter(([name]) => !reserved.test(name));
    return new Promise((resolve, reject) => {
      const outgoing = (isSecure ? httpsRequest : httpRequest)(url, {
        method: "POST",
        agent: isSecure ? this.secure : this.plain,
        signal: this.stop.signal,
        headers: {
          ...Object.fromEntries(given),
          "content-type": protocol === "http/json" ? "application/json" : "application/x-protobuf",
          "content-length": body.length,
          "user-agent": "OTel-OTLP-Exporter-JavaScript/0.1.0 throughline-tracing",
          ...(compression === "gzip" ? { "content-encoding": "gzip" } : {}),
        },
      });
      const timer = Number.isFinite(timeoutMs)
        ? setTimeout(
            () => outgoing.destroy(new Error(`no answer within ${Math.round(timeoutMs)} ms`)),
            timeoutMs,
          )
        : undefined;
      outgoing.on("error", reject);
      outgoing.on("response", (incoming) => void collect(incoming).then(resolve, reject));
      outgoing.on("close", () => clearTimeout(timer));
      outgoing.end(body);
    });
  }

  private judge(answer: Answer, address: string): Attempt {
    const { status, headers, body } = answer;
    if (status >= 200 && status < 300) return this.taken(body);
    const { host } = new URL(address);
    if (status >= 300 && status < 400) {
      const to = readable(headers.location ?? "elsewhere");
      return {
        kind: "refused",
        reason: `${host} sends on to ${to} (HTTP ${status}); redirects are not followed`,
      };
    }
    const reason = `${host}: HTTP ${status} ${this.errorText(answer)}`.trim();
    if (!retryable.has(status)) return { kind: "refused", reason };
    const retryAfterMs = retryAfter(headers["retry-after"]);
    return { kind: "retry", reason, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
  }

  /** An ExportTraceServiceResponse in the encoding of the request, or nothing. */
  private taken(body: Buffer): Attempt {
    if (body.length === 0) return { kind: "taken", rejected: 0, message: "" };
    try {
      const partial = this.options.protocol === "http/json" ? jsonPartialSuccess(body) : partialSuccess(body);
      return { kind: "taken", ...partial };
    } catch (error) {
      if (!(error instanceof MalformedMessage) && !(error instanceof SyntaxError)) throw error;
      return {
        kind: "refused",
        reason: `the answer is not OTLP: ${readable(body.toString().slice(0, 100))}`,
      };
    }
  }

  private errorText({ headers, body }: Answer): string {
    const type = headers["content-type"] ?? "";
    if (type.startsWith("application/x-protobuf")) return statusMessage(body);
    const text = body.toString("utf8", 0, 4_096);
    if (!type.startsWith("application/json")) return readable(text);
    try {
      const said = (JSON.parse(text) as { message?: unknown } | null)?.message;
      return typeof said === "string" ? readable(said) : "";
    } catch {
      return readable(text);
    }
  }
}

async function collect(incoming: IncomingMessage): Promise<Answer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > answerLimit) throw new Error(`the answer is over ${answerLimit} bytes`);
    chunks.push(chunk);
  }
  return { status: incoming.statusCode ?? 0, headers: incoming.headers, body: Buffer.concat(chunks) };
}

/** 64-bit numbers may come as text. Throws MalformedMessage and SyntaxError. */
function jsonPartialSuccess(body: Buffer): { rejected: number; message: string } {
  const answer = JSON.parse(body.toString()) as unknown;
  if (typeof answer !== "object" || answer === null || Array.isArray(answer))
    throw new MalformedMessage("no JSON object");
  const partial = "partialSuccess" in answer ? answer.partialSuccess : undefined;
  if (typeof partial !== "object" || partial === null) return { rejected: 0, message: "" };
  const rejected = "rejectedSpans" in partial ? Number(partial.rejectedSpans) : 0;
  const message = "errorMessage" in partial ? partial.errorMessage : "";
  return {
    rejected: Number.isFinite(rejected) ? Math.max(0, rejected) : 0,
    message: typeof message === "string" ? readable(message) : "",
  };
}

/** RFC 9110, `Retry-After`: seconds or a date; in milliseconds from now. */
function retryAfter(header: string | undefined): number | undefined {
  if (header === undefined) return undefined;
  if (/^\d+$/.test(header.trim())) return Number(header) * 1_000;
  const at = Date.parse(header);
  return Number.isNaN(at) ? undefined : Math.max(0, at - Date.now());
}
