import { z } from "zod";

export const chatRequest = z.object({
  model: z.string().min(1),
  messages: z
    .array(
      z.object({
        role: z.enum(["system", "developer", "user", "assistant", "tool"]),
        content: z
          .union([z.string(), z.array(z.object({ type: z.string(), text: z.string().optional() }))])
          .nullish(),
      }),
    )
    .min(1),
  stream: z.boolean().default(false),
  max_tokens: z.number().int().positive().nullish(),
  max_completion_tokens: z.number().int().positive().nullish(),
  stream_options: z.object({ include_usage: z.boolean().default(false) }).nullish(),
  response_format: z
    .discriminatedUnion("type", [
      z.object({ type: z.literal("text") }),
      z.object({ type: z.literal("json_object") }),
      z.object({
        type: z.literal("json_schema"),
        json_schema: z.object({ name: z.string(), schema: z.unknown() }),
      }),
    ])
    .optional(),
});
export type ChatRequest = z.infer<typeof chatRequest>;

/** A numbered source as prompts write it: `[3] title` and the text up to the next number. */
interface Passage {
  number: number;
  text: string;
}

/**
 * The answer is made of the prompt: the same prompt gives the same words, and numbers of sources are ones it holds.
 * It is no model: it shows that the wire is right, not that the note is good.
 */
export function writeAnswer(request: ChatRequest): string {
  const prompt = request.messages.map(textOf).join("\n");
  const passages = passagesOf(prompt);
  const format = request.response_format;
  if (format?.type === "json_schema") return JSON.stringify(fill(format.json_schema.schema, passages, 0));
  if (format?.type === "json_object") return JSON.stringify(fillNamed(prompt, passages));
  return passages.length === 0
    ? "Nothing was found."
    : passages.map(({ number, text }) => `${text} [${number}]`).join("\n");
}

/** A rough count, as many as four characters make a token. */
export function tokensOf(text: string): number {
  return Math.max(1, Math.ceil(text.length / 4));
}

export function textOf(message: ChatRequest["messages"][number]): string {
  const { content } = message;
  if (typeof content === "string") return content;
  return (content ?? []).map(({ text }) => text ?? "").join("\n");
}

function passagesOf(prompt: string): Passage[] {
  const marks = [...prompt.matchAll(/^\[(\d{1,3})\] ?(.*)$/gm)];
  return marks.map((mark, at) => {
    const end = marks[at + 1]?.index ?? prompt.length;
    const lines = prompt.slice(mark.index + mark[0].length, end).split("\n");
    const words = lines.filter((line) => line.trim() !== "" && !/^<<<|>>>$/.test(line.trim()));
    return { number: Number(mark[1]), text: [mark[2] ?? "", ...words].join(" ").slice(0, 200).trim() };
  });
}

/** Fills a JSON schema: arrays get an entry per passage, strings its text, integers its number. */
function fill(schema: unknown, passages: readonly Passage[], depth: number): unknown {
  const node = (typeof schema === "object" && schema !== null ? schema : {}) as {
    type?: string | string[];
    properties?: Record<string, unknown>;
    items?: unknown;
    enum?: unknown[];
  };
  if (depth > 16) return null;
  if (node.enum !== undefined) return node.enum[0];
  const type = Array.isArray(node.type) ? node.type[0] : node.type;
  if (type === "object") {
    const entries = Object.entries(node.properties ?? {});
    return Object.fromEntries(entries.map(([key, value]) => [key, fill(value, passages, depth + 1)]));
  }
  if (type === "array") return passages.slice(0, 3).map((passage) => fill(node.items, [passage], depth + 1));
  if (type === "integer" || type === "number") return passages[0]?.number ?? 0;
  if (type === "boolean") return false;
  if (type === "null") return null;
  return passages[0]?.text ?? "Nothing was found.";
}

/** Without a schema: the arrays that the prompt names get entries of the form that it shows. */
function fillNamed(prompt: string, passages: readonly Passage[]): Record<string, unknown> {
  const names = new Set(
    [...prompt.matchAll(/\b([a-z]+(?:_[a-z]+)+)\b/g)].map(([, name]) => name ?? "").slice(0, 20),
  );
  const entries = passages.slice(0, 3).map(({ number, text }) => ({ text, sources: [number] }));
  return Object.fromEntries([...names].map((name) => [name, entries]));
}
