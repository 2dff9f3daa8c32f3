import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Simulator, SimulatorOptions } from "../desk/simulator.ts";
import { createLlmSimulator } from "./simulator.ts";

let directory: string;
let llm: Simulator | undefined;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "throughline-llm-"));
});

afterEach(async () => {
  await llm?.stop();
  await rm(directory, { recursive: true });
});

async function start(options: Partial<SimulatorOptions> = {}): Promise<string> {
  llm = await createLlmSimulator({
    listen: { host: "127.0.0.1", port: 0 },
    dataDirectory: directory,
    strict: false,
    faults: {},
    ...options,
  });
  return llm.url;
}

function ask(url: string, body: object, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(`${url}/v1/chat/completions`, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify(body),
  });
}

const messages = [
  { role: "user", content: "Sources:\n[1] ticket A-1\nRestart the client.\n[2] document vpn.md\nRenew it." },
];

test("a completion has OpenAI's form, with usage, and is the same for the same prompt", async () => {
  const url = await start();
  const answer = (await (await ask(url, { model: "gpt-4o-mini", messages })).json()) as {
    choices: { message: { content: string } }[];
    usage: Record<string, number>;
  };
  expect(answer).toMatchObject({
    object: "chat.completion",
    model: "gpt-4o-mini",
    choices: [{ index: 0, finish_reason: "stop", message: { role: "assistant" } }],
  });
  expect(answer.usage["total_tokens"]).toBe(
    (answer.usage["prompt_tokens"] ?? 0) + (answer.usage["completion_tokens"] ?? 0),
  );
  const again = (await (await ask(url, { model: "gpt-4o-mini", messages })).json()) as typeof answer;
  expect(again.choices[0]?.message.content).toBe(answer.choices[0]?.message.content);
});

test("a JSON schema is filled with texts and numbers of the prompt's sources", async () => {
  const url = await start();
  const schema = {
    type: "object",
    properties: {
      items: {
        type: "array",
        items: { type: "object", properties: { text: { type: "string" }, source: { type: "integer" } } },
      },
    },
  };
  const answer = (await (
    await ask(url, {
      model: "m",
      messages,
      response_format: { type: "json_schema", json_schema: { name: "n", schema } },
    })
  ).json()) as { choices: { message: { content: string } }[] };
  const content = JSON.parse(answer.choices[0]?.message.content ?? "") as {
    items: { text: string; source: number }[];
  };
  expect(content.items.map(({ source }) => source)).toEqual([1, 2]);
  expect(content.items[0]?.text).toContain("Restart the client.");
});

test("a stream ends with the usage that was asked for, and [DONE]", async () => {
  const url = await start();
  const text = await (
    await ask(url, { model: "m", messages, stream: true, stream_options: { include_usage: true } })
  ).text();
  const events = text
    .trim()
    .split("\n\n")
    .map((event) => event.replace(/^data: /, ""));
  expect(events.at(-1)).toBe("[DONE]");
  expect(JSON.parse(events.at(-2) ?? "")).toMatchObject({
    choices: [],
    usage: { total_tokens: expect.any(Number) },
  });
});

test("errors have OpenAI's form: key, model, body, address, and the faults that are asked for", async () => {
  const url = await start({ key: "sk-right", strict: true });
  const right = { authorization: "Bearer sk-right" };
  const refused = await ask(url, { model: "gpt-4o-mini", messages });
  expect(refused.status).toBe(401);
  expect(await refused.json()).toMatchObject({
    error: { code: "invalid_api_key", type: "invalid_request_error", param: null },
  });
  expect((await ask(url, { model: "unknown", messages }, right)).status).toBe(404);
  expect((await ask(url, { messages: "no" }, right)).status).toBe(400);
  expect((await fetch(`${url}/v1/nothing`, { headers: right })).status).toBe(404);
  expect(await (await fetch(`${url}/v1/models`, { headers: right })).json()).toMatchObject({
    object: "list",
  });
  llm?.setFaults({ fail: 429 });
  const throttled = await ask(url, { model: "gpt-4o-mini", messages }, right);
  expect([throttled.status, throttled.headers.get("retry-after")]).toEqual([429, "1"]);
});

test("what was asked is kept for tests to read", async () => {
  const url = await start();
  await ask(url, { model: "m", messages });
  expect(await (await fetch(`${url}/_simulator/requests`)).json()).toMatchObject({
    requests: [{ request: { model: "m", messages } }],
  });
});
