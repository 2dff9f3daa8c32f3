import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { run, start, temporaryDirectory } from "./harness.ts";

const value = (type: string, of: unknown) => ({ [type]: of });
const attributes = [
  { key: "text", value: value("stringValue", 'line\n"quoted" ü') },
  { key: "whole", value: value("intValue", "9007199254740993") },
  { key: "share", value: value("doubleValue", 0.1) },
  { key: "yes", value: value("boolValue", true) },
  { key: "raw", value: value("bytesValue", "AP8=") },
  {
    key: "list",
    value: value("arrayValue", { values: [value("stringValue", "a"), value("intValue", "1")] }),
  },
];

/** A trace with everything that OTLP carries. */
function request(trace: number, spans: number) {
  const traceId = (trace + 1).toString(16).padStart(32, "0");
  return {
    resourceSpans: [
      {
        resource: {
          attributes: [{ key: "service.name", value: value("stringValue", `service ${trace % 3}`) }],
        },
        scopeSpans: [
          {
            scope: { name: "io.test", version: "1", attributes: attributes.slice(0, 1) },
            spans: Array.from({ length: spans }, (_, at) => ({
              traceId,
              spanId: (at + 1).toString(16).padStart(16, "0"),
              ...(at === 0 ? {} : { parentSpanId: "1".padStart(16, "0") }),
              traceState: "a=b",
              name: `work ${at}`,
              kind: (at % 5) + 1,
              startTimeUnixNano: String(1_700_000_000_000_000_000n + BigInt(trace) * 1_000_000n + BigInt(at)),
              endTimeUnixNano: String(1_700_000_000_500_000_007n + BigInt(trace) * 1_000_000n),
              attributes,
              events: [
                { timeUnixNano: "1700000000000000005", name: "event", attributes: attributes.slice(0, 2) },
              ],
              links: [
                { traceId: "f".repeat(32), spanId: "e".repeat(16), attributes: attributes.slice(1, 2) },
              ],
              status: at === 1 ? { code: 2, message: "refused" } : {},
            })),
          },
        ],
      },
    ],
  };
}

test("what is exported and imported elsewhere is the same, span by span", { timeout: 120_000 }, async () => {
  const first = await temporaryDirectory();
  const backend = await start(["traces"], { data: first });
  for (let trace = 0; trace < 120; trace++) {
    const answer = await fetch(`${backend.address("otlpHttp")}/v1/traces`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(request(trace, 1 + (trace % 4))),
    });
    expect(answer.status).toBe(200);
  }
  const exported = async (data: string, ...args: string[]): Promise<string> => {
    const { code, stdout, stderr } = await run(["export", "--data", data, ...args]);
    expect(code, stderr).toBe(0);
    return stdout;
  };
  const file = join(first, "all.jsonl");
  expect(await exported(first, "--output", file)).toBe("");
  const lines = (await readFile(file, "utf8")).trimEnd().split("\n");
  expect(lines).toHaveLength(120);
  // The newest first.
  expect(JSON.parse(lines[0] ?? "")).toEqual(request(119, 4));

  const second = await temporaryDirectory();
  await start(["traces"], { data: second });
  const into = await run(["import", "traces", file, "--data", second]);
  expect([into.code, into.stdout]).toEqual([0, `120 of 120 lines of ${file} are stored\n`]);
  expect(await exported(second)).toBe(`${lines.join("\n")}\n`);

  // Through the other formats that carry whole spans, recognised by what is in the file.
  const third = await temporaryDirectory();
  await start(["traces"], { data: third });
  const parts = { parquet: join(first, "all.parquet"), ndjson: join(first, "all.ndjson") };
  for (const [format, path] of Object.entries(parts)) {
    await exported(second, "--format", format, "--output", path);
    const again = await run(["import", "traces", path, "--data", third]);
    expect([again.code, again.stdout]).toEqual([0, `1 of 1 parts of ${path} are stored\n`]);
    expect(await exported(third)).toBe(`${lines.join("\n")}\n`);
  }
  const document = join(first, "all.json");
  await exported(second, "--format", "jaeger-json", "--output", document);
  const fromJaeger = await run(["import", "traces", document, "--data", third, "--json"]);
  expect(JSON.parse(fromJaeger.stdout)).toEqual({ format: "jaeger-json", parts: 120, taken: 120, bad: [] });

  // Other formats, and a part.
  const spans = (await exported(second, "--format", "ndjson", "--query", ":status = error"))
    .trimEnd()
    .split("\n");
  expect(spans).toHaveLength(270);
  expect(JSON.parse(spans[0] ?? "")).toMatchObject({
    service: "service 2",
    kind: "internal",
    attributes: { whole: "9007199254740993", list: ["a", 1] },
  });
  const jaeger = JSON.parse(await exported(second, "--format", "jaeger-json", "--limit", "2")) as {
    data: { traceID: string }[];
  };
  expect(jaeger.data.map(({ traceID }) => traceID)).toEqual(["78".padStart(16, "0"), "77".padStart(16, "0")]);

  const broken = join(first, "broken.jsonl");
  await writeFile(broken, `${lines[0] ?? ""}\nwhat is this\n`);
  const half = await run(["import", "traces", broken, "--data", second]);
  expect([half.code, half.stderr]).toEqual([0, expect.stringContaining("line 2: TL_BODY_UNREADABLE")]);
  for (const wrong of [
    ["--format", "xml"],
    ["--query", "a ="],
    ["--since", "ever"],
    ["--limit", "0"],
  ]) {
    const { code, stderr } = await run(["export", "--data", second, ...wrong]);
    expect([wrong, code === 0, stderr.includes("TL_")]).toEqual([wrong, false, true]);
  }
});
