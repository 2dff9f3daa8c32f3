import { join } from "node:path";
import { expect, test } from "vitest";
import {
  acceptTicket,
  addTenant,
  deskKey,
  jobEnded,
  named,
  notesOf,
  start,
  tag,
  temporaryDirectory,
  traceWith,
} from "./harness.ts";

async function startWithModel(llmArgs: readonly string[]) {
  const data = await temporaryDirectory();
  const desk = await start(["simulate", "desk", "--key", deskKey], { data: join(data, "desk") });
  const llm = await start(["simulate", "llm", "--key", "sk-test-key-0123456789", ...llmArgs], {
    data: join(data, "llm"),
  });
  await addTenant(data, desk.address("desk"));
  const env = {
    OPENAI_API_KEY: "sk-test-key-0123456789",
    OPENAI_BASE_URL: `${llm.address("llm")}/v1`,
    OPENAI_MODEL: "gpt-4o-mini",
  };
  return { desk, up: await start(["up"], { data, env }) };
}

test(
  "a configured model writes the note, and its span follows the GenAI conventions",
  { timeout: 120_000 },
  async () => {
    const { desk, up } = await startWithModel([]);
    const { job_id: jobId, trace_id: traceId } = await acceptTicket(up.address("webhook"), "MODEL-1");
    expect(await jobEnded(up.address("admin"), jobId)).toMatchObject({ state: "done", status: "success" });
    const spans = await traceWith(
      up.address("console"),
      traceId,
      (found) => named(found, "enhance_ticket").length === 1,
    );
    const [span] = named(spans, "llm.openai.completion");
    expect(tag(span, "span.kind")).toBe("client");
    expect(tag(span, "llm.writer")).toBeUndefined();
    expect(tag(span, "gen_ai.operation.name")).toBe("chat");
    expect(tag(span, "gen_ai.provider.name")).toBe("openai");
    expect(tag(span, "gen_ai.request.model")).toBe("gpt-4o-mini");
    for (const key of [
      "gen_ai.response.model",
      "gen_ai.usage.input_tokens",
      "gen_ai.usage.output_tokens",
      "gen_ai.response.finish_reasons",
    ]) {
      expect(tag(span, key), key).toBeDefined();
    }
    expect(await notesOf(desk.address("desk"), "MODEL-1")).toHaveLength(1);
  },
);

test(
  "a model that is down: the gathered context is written all the same, the ticket is partial",
  { timeout: 120_000 },
  async () => {
    const { desk, up } = await startWithModel(["--fail", "500"]);
    const { job_id: jobId, trace_id: traceId } = await acceptTicket(up.address("webhook"), "MODEL-2");
    expect(await jobEnded(up.address("admin"), jobId)).toMatchObject({ state: "done", status: "partial" });
    const spans = await traceWith(
      up.address("console"),
      traceId,
      (found) => named(found, "enhance_ticket").length === 1,
    );
    const [span] = named(spans, "llm.openai.completion");
    expect(tag(span, "error")).toBe(true);
    expect(tag(span, "error.message")).toBeDefined();
    expect(tag(named(spans, "enhance_ticket")[0], "enhancement.status")).toBe("partial");
    expect(tag(named(spans, "enhance_ticket")[0], "error")).toBeUndefined();
    const [note] = await notesOf(desk.address("desk"), "MODEL-2");
    expect(note?.description).toMatch(/model/i);
  },
);
