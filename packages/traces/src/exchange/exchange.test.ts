import { DuckDBInstance } from "@duckdb/node-api";
import * as fc from "fast-check";
import { readFile, mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { serverOver } from "../api/stored-traces.ts";
import { decodeOtlpJson } from "../decode/otlp-json.ts";
import { decodeOtlpProtobuf } from "../decode/otlp-protobuf.ts";
import type { SpanRecord } from "../model.ts";
import { encodeBatch } from "../store/batch-encoding.ts";
import { anySpan, exampleSpan, plainScope, resourceOf, text } from "../store/example-spans.ts";
import { jsonObjects } from "./json-objects.ts";
import { formatOf, type ImportFormat, readExport } from "./read-export.ts";

async function fileOf(bytes: Uint8Array | string): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), "throughline-exchange-"));
  onTestFinished(() => rm(directory, { recursive: true }));
  const file = join(directory, "export");
  await writeFile(file, bytes);
  return file;
}

async function exported(spans: readonly SpanRecord[], format: ImportFormat): Promise<string> {
  const answer = await serverOver(spans).inject({
    method: "GET",
    url: `/api/throughline/export?format=${format}`,
  });
  expect(answer.statusCode, answer.body.slice(0, 300)).toBe(200);
  return fileOf(answer.rawPayload);
}

/** What comes in again, and what does not. */
async function imported(file: string): Promise<{ spans: SpanRecord[]; problems: string[] }> {
  const spans: SpanRecord[] = [];
  const problems: string[] = [];
  for await (const part of readExport(file, await formatOf(file), (await stat(file)).size)) {
    if ("problem" in part) problems.push(`${part.where}: ${part.problem}`);
    else
      spans.push(
        ...(part.type === "application/json" ? decodeOtlpJson(part.body) : decodeOtlpProtobuf(part.body))
          .spans,
      );
  }
  return { spans, problems };
}

const bytesOf = (span: SpanRecord): string => Buffer.from(encodeBatch([span])).toString("hex");
const unique = (spans: readonly SpanRecord[]): SpanRecord[] =>
  spans.map((span, at) => ({ ...span, spanId: (at + 1).toString(16).padStart(16, "0") }));
const samples = unique(fc.sample(anySpan, { numRuns: 120, seed: 4 }));

test.each(["otlp-json", "ndjson", "parquet"] as const)(
  "%s is lossless: any span comes in as it went out",
  async (format) => {
    const { spans, problems } = await imported(await exported(samples, format));
    expect(problems).toEqual([]);
    const sorted = (list: readonly SpanRecord[]): string[] => list.map((span) => bytesOf(span)).toSorted();
    expect(sorted(spans).join("\n") === sorted(samples).join("\n")).toBe(true);
  },
);

/** What Jaeger's model has a place for: whole microseconds, scopes without attributes, no counts, no flags. */
const jaegerSpans = [
  exampleSpan({
    spanId: "1".repeat(16),
    name: "serve",
    kind: 2,
    startUnixNano: 1_700_000_000_000_001_000n,
    statusCode: 1,
  }),
  exampleSpan({
    spanId: "2".repeat(16),
    parentSpanId: "1".repeat(16),
    name: "call",
    kind: 3,
    startUnixNano: 1_700_000_000_000_002_000n,
    endUnixNano: 1_700_000_000_000_003_000n,
    traceState: "a=b",
    statusCode: 2,
    statusMessage: "refused",
    attributes: [
      { key: "big", value: { type: "int", value: 9_007_199_254_740_993n } },
      { key: "bytes", value: { type: "bytes", value: Uint8Array.of(0, 255) } },
      { key: "http.status_code", value: { type: "int", value: 500n } },
      { key: "share", value: { type: "double", value: 0.5 } },
      { key: "yes", value: { type: "bool", value: true } },
      text("zeta", 'text with "quotes" and \\ and [{'),
    ],
    events: [
      {
        timeUnixNano: 1_700_000_000_000_002_000n,
        name: "e",
        attributes: [text("a", "}]")],
        droppedAttributesCount: 0,
      },
    ],
    links: [
      {
        traceId: "9".repeat(32),
        spanId: "8".repeat(16),
        traceState: "",
        attributes: [text("opentracing.ref_type", "follows_from")],
        droppedAttributesCount: 0,
        flags: 0,
      },
    ],
    resource: resourceOf("stock"),
    scope: { ...plainScope, name: "lib", version: "2" },
  }),
];

test("Jaeger's JSON comes in again as far as its model goes", async () => {
  const { spans, problems } = await imported(await exported(jaegerSpans, "jaeger-json"));
  expect(problems).toEqual([]);
  expect(spans).toEqual(jaegerSpans);
});

test("a document of Jaeger's may be a list of traces, or one trace alone, whichever member comes first", async () => {
  const { data } = JSON.parse(await readFile(await exported(jaegerSpans, "jaeger-json"), "utf8")) as {
    data: { traceID: string; spans: unknown; processes: unknown }[];
  };
  const [{ traceID, spans: all, processes } = expect.unreachable("nothing was exported")] = data;
  for (const whole of [
    data,
    { traceID, spans: all, processes },
    { processes, traceID, spans: all },
    { spans: all, processes },
  ]) {
    const { spans, problems } = await imported(await fileOf(JSON.stringify(whole, null, 2)));
    expect([spans, problems]).toEqual([jaegerSpans, []]);
  }
});

test("a document of Jaeger's is read trace by trace, wherever its pieces are cut, and a bad trace is named", async () => {
  const documentText = `{"data" : [ {"traceID":"a","spans":[],"n":"]}\\"{["}, {"b":[{"c":1}]} ], "total":0, "errors":[{"msg":"x"}]}`;
  for (let size = 1; size < 40; size++) {
    const pieces = (async function* () {
      for (let at = 0; at < documentText.length; at += size)
        yield await Promise.resolve(documentText.slice(at, at + size));
    })();
    const found: unknown[] = [];
    for await (const object of jsonObjects(pieces)) found.push(JSON.parse(object));
    expect(found.slice(0, 2)).toEqual([{ traceID: "a", spans: [], n: ']}"{[' }, { b: [{ c: 1 }] }]);
  }
  const good = {
    traceID: "a",
    processes: {},
    spans: [{ traceID: "a", spanID: "b", startTime: 1, duration: 2 }],
  };
  const { spans, problems } = await imported(
    await fileOf(JSON.stringify({ data: [{ spans: [{ traceID: "zz" }] }, good] })),
  );
  expect(spans).toHaveLength(1);
  expect(problems).toEqual([expect.stringMatching(/^trace 1: no trace of Jaeger's: spans\.0\./)]);
  const cut = await imported(await fileOf(JSON.stringify({ data: [good] }).slice(0, -3)));
  expect([cut.spans.length, cut.problems]).toEqual([0, [expect.stringContaining("ends before its end")]]);
});

test("lines that are no spans are named, the others come in", async () => {
  const file = await exported(jaegerSpans, "ndjson");
  const { readFile } = await import("node:fs/promises");
  const lines = (await readFile(file, "utf8")).trimEnd().split("\n");
  const { spans, problems } = await imported(
    await fileOf([lines[0], "what", '{"traceId":"1"}', lines[1], ""].join("\n")),
  );
  expect(spans).toHaveLength(2);
  expect(problems).toEqual([
    'line 2: is no JSON object with "otlp"',
    'line 3: is no JSON object with "otlp"',
  ]);
  await expect(formatOf(await fileOf("<xml/>"))).rejects.toMatchObject({ code: "TL_FILE_UNREADABLE" });
});

test("DuckDB opens the Parquet file: the query of the documentation, times to the nanosecond, many row groups", async () => {
  const many = Array.from({ length: 25_000 }, (_, at) =>
    exampleSpan({
      traceId: ((at >> 3) + 1).toString(16).padStart(32, "0"),
      spanId: (at + 1).toString(16).padStart(16, "0"),
      name: at % 2 === 0 ? "GET /" : "POST /",
      startUnixNano: 1_700_000_000_123_456_789n + BigInt(at) * 1_000n,
      endUnixNano: 1_700_000_000_123_456_789n + BigInt(at) * 1_001n,
      statusCode: at % 5 === 0 ? 2 : 0,
      attributes: [
        text("ticket.id", `T-${at % 3}`),
        { key: "http.status_code", value: { type: "int", value: 200n + BigInt(at % 5) } },
      ],
      events: [],
      links: [],
    }),
  );
  const file = await exported(many, "parquet");
  const database = await (await DuckDBInstance.create(":memory:")).connect();
  const rows = async (sql: string): Promise<unknown[][]> => (await database.runAndReadAll(sql)).getRowsJson();
  const from = `FROM read_parquet('${file}')`;
  expect(await rows(`SELECT count(*), count(DISTINCT trace_id), sum(is_error::int) ${from}`)).toEqual([
    ["25000", "3125", "5000"],
  ]);
  expect(await rows(`SELECT epoch_ns(min(start_time)), max(duration_ns), min(kind) ${from}`)).toEqual([
    ["1700000000123456789", "24999", "server"],
  ]);
  expect(
    await rows(
      `SELECT service, name, count(*) AS spans, quantile_cont(duration_ns, 0.95) / 1e6 AS p95_ms ${from}
       WHERE json_extract_string(attributes, '$."http.status_code"') = '204' AND ticket_id = 'T-0' GROUP BY ALL ORDER BY name`,
    ),
  ).toEqual([
    ["shop", "GET /", "833", expect.any(Number)],
    ["shop", "POST /", "834", expect.any(Number)],
  ]);
  expect(
    await rows(
      `SELECT column_type FROM (DESCRIBE SELECT start_time, duration_ns, is_error, attributes, otlp ${from})`,
    ),
  ).toEqual([[expect.stringMatching(/^TIMESTAMP/)], ["BIGINT"], ["BOOLEAN"], ["VARCHAR"], ["BLOB"]]);
}, 60_000);
