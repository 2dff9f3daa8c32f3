import { randomUUID, timingSafeEqual } from "node:crypto";
import { appendFileSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Simulator, SimulatorOptions } from "../desk/simulator.ts";
import { brokenAnswer, FaultPlan, faultsSchema } from "../faults.ts";
import { listen, type SimulatedAnswer } from "../http.ts";
import { obeyTicket } from "./gullible.ts";
import { type ChatRequest, chatRequest, textOf, tokensOf, writeAnswer } from "./write-answer.ts";

const knownModels = ["gpt-4o-mini", "gpt-4o", "gpt-4.1-mini"];

export interface LlmSimulatorOptions extends SimulatorOptions {
  /** Obeys the ticket instead of its instructions. */
  isGullible?: boolean;
  /** Of the prompt's tokens, how many count as cached: 0..1. */
  cachedShare?: number;
}

/**
 * An OpenAI-compatible server: `POST /v1/chat/completions` (whole or streamed), `GET /v1/models`, usage, errors in OpenAI's shape.
 * For tests `GET /_simulator/requests` gives what was asked (kept in `requests.jsonl`), `GET|PUT /_simulator/faults` steers.
 */
export async function createLlmSimulator(options: LlmSimulatorOptions): Promise<Simulator> {
  const plan = new FaultPlan(options.faults);
  const journal = join(options.dataDirectory, "requests.jsonl");

  const server = await listen(options.listen, async (request, url, body): Promise<SimulatedAnswer> => {
    const method = request.method ?? "GET";
    if (url.pathname.startsWith("/_simulator/")) return control(method, url.pathname, body);
    if (options.key !== undefined && !isKey(request.headers.authorization, options.key)) {
      return failure(401, "invalid_request_error", "invalid_api_key", "Incorrect API key provided.");
    }
    if (url.pathname === "/v1/models" && method === "GET") {
      return json(200, {
        object: "list",
        data: knownModels.map((id) => ({
          id,
          object: "model",
          created: 1_700_000_000,
          owned_by: "simulator",
        })),
      });
    }
    if (url.pathname !== "/v1/chat/completions" || method !== "POST") {
      return failure(404, "invalid_request_error", null, `Unknown request URL: ${method} ${url.pathname}.`);
    }
    const parsed = chatRequest.safeParse(parseJson(body));
    if (!parsed.success) {
      const issue = parsed.error.issues[0];
      return failure(
        400,
        "invalid_request_error",
        null,
        `Invalid '${issue?.path.join(".") ?? "body"}': ${issue?.message ?? "not JSON"}.`,
      );
    }
    appendFileSync(journal, `${JSON.stringify({ at: new Date().toISOString(), request: parsed.data })}\n`, {
      mode: 0o600,
    });
    if (options.strict && !knownModels.includes(parsed.data.model)) {
      return failure(
        404,
        "invalid_request_error",
        "model_not_found",
        `The model '${parsed.data.model}' does not exist.`,
      );
    }
    const verdict = plan.judge(undefined);
    const cut = await verdict.beforeAnswer();
    if (cut) return { cut: true };
    if (verdict.failStatus !== undefined) return refusal(verdict.failStatus, verdict.retryAfterSeconds);
    if (verdict.answer === "inner") return json(200, { error: { message: "Upstream failed.", code: 502 } });
    const whole = completion(parsed.data, options);
    if (verdict.answer !== undefined) return brokenAnswer(verdict.answer, JSON.stringify(whole));
    return parsed.data.stream ? streamed(parsed.data, options) : json(200, whole);
  });

  function control(method: string, path: string, body: string): SimulatedAnswer {
    if (path === "/_simulator/requests") return json(200, { requests: readJournal(journal) });
    if (path !== "/_simulator/faults") return { status: 404, body: "" };
    if (method === "PUT") {
      const parsed = faultsSchema.safeParse(parseJson(body));
      if (!parsed.success) return json(400, { issues: parsed.error.issues });
      plan.set(parsed.data);
    }
    return json(200, plan.current);
  }

  return { url: server.url, setFaults: (faults) => plan.set(faults), stop: () => server.stop() };
}

function completion(request: ChatRequest, options: LlmSimulatorOptions) {
  const { content, finishReason } = contentOf(request, options);
  return {
    id: `chatcmpl-${randomUUID().replaceAll("-", "")}`,
    object: "chat.completion",
    created: Math.floor(Date.now() / 1_000),
    model: request.model,
    choices: [
      {
        index: 0,
        message: { role: "assistant", content, refusal: null },
        logprobs: null,
        finish_reason: finishReason,
      },
    ],
    usage: usageOf(request, content, options),
    system_fingerprint: "fp_simulator",
  };
}

function contentOf(
  request: ChatRequest,
  { isGullible = false }: LlmSimulatorOptions,
): { content: string; finishReason: "stop" | "length" } {
  if (isGullible) return { content: obeyTicket(request), finishReason: "stop" };
  const whole = writeAnswer(request);
  const limit = request.max_completion_tokens ?? request.max_tokens ?? undefined;
  const isCut = limit !== undefined && tokensOf(whole) > limit;
  return { content: isCut ? whole.slice(0, limit * 4) : whole, finishReason: isCut ? "length" : "stop" };
}

function usageOf(request: ChatRequest, content: string, { cachedShare = 0 }: LlmSimulatorOptions) {
  const prompt = request.messages.reduce((sum, message) => sum + tokensOf(textOf(message)), 0);
  const answer = tokensOf(content);
  return {
    prompt_tokens: prompt,
    completion_tokens: answer,
    total_tokens: prompt + answer,
    prompt_tokens_details: { cached_tokens: Math.floor(prompt * cachedShare), audio_tokens: 0 },
    completion_tokens_details: {
      reasoning_tokens: 0,
      audio_tokens: 0,
      accepted_prediction_tokens: 0,
      rejected_prediction_tokens: 0,
    },
  };
}

/** Server-sent events: one chunk a piece, the usage where it is asked for, then `[DONE]`. */
function streamed(request: ChatRequest, options: LlmSimulatorOptions): SimulatedAnswer {
  const { content, finishReason } = contentOf(request, options);
  const base = {
    id: `chatcmpl-${randomUUID().replaceAll("-", "")}`,
    object: "chat.completion.chunk",
    created: Math.floor(Date.now() / 1_000),
    model: request.model,
  };
  const event = (data: object) => `data: ${JSON.stringify({ ...base, ...data })}\n\n`;
  const choice = (delta: object, reason: string | null) =>
    event({ choices: [{ index: 0, delta, logprobs: null, finish_reason: reason }] });
  async function* chunks() {
    yield choice({ role: "assistant", content: "" }, null);
    for (let at = 0; at < content.length; at += 200)
      yield choice({ content: content.slice(at, at + 200) }, null);
    yield choice({}, finishReason);
    if (request.stream_options?.include_usage === true)
      yield event({ choices: [], usage: usageOf(request, content, options) });
    yield "data: [DONE]\n\n";
  }
  return { status: 200, headers: { "content-type": "text/event-stream; charset=utf-8" }, body: chunks() };
}

function refusal(status: number, retryAfterSeconds: number | undefined): SimulatedAnswer {
  const kinds: Record<number, [string, string | null, string]> = {
    401: ["invalid_request_error", "invalid_api_key", "Incorrect API key provided."],
    403: ["invalid_request_error", null, "You do not have access to this model."],
    429: ["rate_limit_error", "rate_limit_exceeded", "Rate limit reached."],
    500: ["server_error", null, "The server had an error while processing your request."],
    503: ["server_error", null, "The engine is currently overloaded."],
  };
  const [type, code, message] = kinds[status] ?? ["server_error", null, "The request failed."];
  const answer = failure(status, type, code, message);
  if (retryAfterSeconds === undefined || !("status" in answer)) return answer;
  return { ...answer, headers: { ...answer.headers, "retry-after": String(retryAfterSeconds) } };
}

function failure(status: number, type: string, code: string | null, message: string): SimulatedAnswer {
  return json(status, { error: { message, type, param: null, code } });
}

function json(status: number, body: object): SimulatedAnswer {
  return {
    status,
    headers: { "content-type": "application/json", "x-request-id": randomUUID() },
    body: JSON.stringify(body),
  };
}

function isKey(header: string | undefined, key: string): boolean {
  const sent = Buffer.from(header ?? "");
  const wanted = Buffer.from(`Bearer ${key}`);
  return sent.length === wanted.length && timingSafeEqual(sent, wanted);
}

function readJournal(file: string): unknown[] {
  try {
    return readFileSync(file, "utf8")
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line) as unknown);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
