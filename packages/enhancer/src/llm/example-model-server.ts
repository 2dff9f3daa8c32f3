import { SpanKind } from "@opentelemetry/api";
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from "@opentelemetry/sdk-trace";
import { once } from "node:events";
import { createServer, type IncomingHttpHeaders, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { ModelSettings } from "./openai.ts";

/** A request as it came over the wire. */
export interface ModelRequest {
  path: string;
  headers: IncomingHttpHeaders;
  body: {
    messages: { role: string; content: string }[];
    response_format: { type: string };
    [parameter: string]: unknown;
  };
}

/** A real HTTP server in the place of a model, for tests: answers each request as `answer` says. */
export async function startModelServer(
  answer: (request: ModelRequest, response: ServerResponse, at: number) => void,
) {
  const requests: ModelRequest[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const body = JSON.parse(Buffer.concat(chunks).toString() || "{}") as ModelRequest["body"];
      requests.push({ path: request.url ?? "", headers: request.headers, body });
      answer({ path: request.url ?? "", headers: request.headers, body }, response, requests.length - 1);
    });
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = server.address() as AddressInfo;
  return {
    port,
    requests,
    prompt: (at: number) => (requests[at]?.body.messages ?? []).map(({ content }) => content).join("\n"),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

export function sendJson(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, { "content-type": "application/json", ...headers });
  response.end(JSON.stringify(body));
}

/** A chat completion as OpenAI sends it. */
export function completionOf(content: unknown, more: object = {}) {
  return {
    id: "chatcmpl-1",
    object: "chat.completion",
    created: 1_790_000_000,
    model: "gpt-4o-mini-2024-07-18",
    choices: [
      {
        index: 0,
        finish_reason: "stop",
        message: {
          role: "assistant",
          content: typeof content === "string" ? content : JSON.stringify(content),
        },
      },
    ],
    usage: {
      prompt_tokens: 1_000,
      completion_tokens: 200,
      total_tokens: 1_200,
      prompt_tokens_details: { cached_tokens: 400 },
    },
    ...more,
  };
}

export const goodAnswer = {
  similar_tickets: [
    { text: "The same error was an expired machine certificate; it was renewed with certreq.", sources: [1] },
  ],
  relevant_documentation: [{ text: "The handbook tells how to renew the certificate.", sources: [3] }],
  system_information: [{ text: "10.20.0.1 is the VPN gateway vpn01.", sources: [4] }],
  recommended_next_steps: [
    { text: "Renew the certificate on the guest network, then restart the client.", sources: [1, 3] },
  ],
};

export function settingsFor(port: number, more: Partial<ModelSettings> = {}): ModelSettings {
  return {
    apiKey: "sk-test-0123456789abcdef",
    baseUrl: `http://127.0.0.1:${port}/v1`,
    model: "gpt-4o-mini",
    maxOutputTokens: 1_000,
    temperature: 0.3,
    ...more,
  };
}

/** A tracer whose finished spans can be read. */
export function recordSpans() {
  const memory = new InMemorySpanExporter();
  const provider = new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter: memory })] });
  return {
    tracer: provider.getTracer("test"),
    only: () => {
      const [span, ...others] = memory.getFinishedSpans();
      if (span === undefined || others.length > 0)
        throw new Error(`${others.length} spans beside ${span?.name}`);
      return {
        ...span,
        name: span.name,
        kindName: SpanKind[span.kind],
        attributes: span.attributes,
        status: span.status,
        events: span.events,
      };
    },
  };
}
