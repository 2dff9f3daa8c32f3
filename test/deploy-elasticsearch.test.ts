import { execFile } from "node:child_process";
import { createServer } from "node:http";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, onTestFinished, test } from "vitest";
import { root } from "./manifests/build.ts";
import { program } from "./programs.ts";

const scripts = join(root, "deploy/jaeger/elasticsearch");
const dayMs = 86_400_000;
const nowMs = Date.parse("2026-03-10T12:00:00Z");

interface Index {
  index: string;
  created: number;
  bytes: number;
  docs: number;
}

/** Speaks what the scripts ask of Elasticsearch: `_cat/indices` with its columns and patterns, DELETE of one index, PUT of policies. */
async function startElasticsearch(
  indices: Index[],
  options: { password?: string; refuses?: string } = {},
): Promise<{ url: string; indices: Map<string, Index>; puts: Map<string, unknown>; asked: string[] }> {
  const held = new Map(indices.map((one) => [one.index, one]));
  const puts = new Map<string, unknown>();
  const asked: string[] = [];
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? "/", "http://es");
    asked.push(`${request.method} ${url.pathname}`);
    const answer = (status: number, body: string) => response.writeHead(status).end(body);
    const error = (status: number, type: string) =>
      answer(status, JSON.stringify({ error: { type }, status }));
    const wanted = `Basic ${Buffer.from(`jaeger:${options.password}`).toString("base64")}`;
    if (options.password !== undefined && request.headers.authorization !== wanted)
      return error(401, "security_exception");
    const [, first = "", second = ""] = url.pathname.split("/");
    if (first === options.refuses) return error(403, "cluster_block_exception");
    if (request.method === "GET" && first === "_cat" && second === "indices") {
      const pattern = decodeURIComponent(url.pathname.split("/")[3] ?? "*");
      const matches = new RegExp(`^${pattern.replaceAll(".", "\\.").replaceAll("*", ".*")}$`);
      const columns = (url.searchParams.get("h") ?? "index").split(",");
      if (url.searchParams.get("bytes") !== "b" || url.searchParams.get("s") !== "index")
        return error(400, "illegal_argument_exception");
      const row = ({ index, created, bytes, docs }: Index) =>
        columns
          .map(
            (column) =>
              ({ index, "creation.date": created, "store.size": bytes, "docs.count": docs })[column] ?? "",
          )
          .join(" ");
      const found = [...held.values()]
        .filter(({ index }) => matches.test(index))
        .toSorted((a, b) => (a.index < b.index ? -1 : 1));
      return answer(200, found.map((one) => `${row(one)}\n`).join(""));
    }
    if (request.method === "DELETE" && second === "") {
      // As with action.destructive_requires_name, the default of version 8.
      if (first.includes("*")) return error(400, "illegal_argument_exception");
      return held.delete(first)
        ? answer(200, '{"acknowledged":true}')
        : error(404, "index_not_found_exception");
    }
    if (request.method === "PUT") {
      let body = "";
      request.on("data", (chunk) => (body += String(chunk)));
      request.on("end", () => {
        puts.set(url.pathname.slice(1), JSON.parse(body));
        answer(200, '{"acknowledged":true}');
      });
      return undefined;
    }
    return error(405, "method_not_allowed");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as { port: number };
  return { url: `http://127.0.0.1:${port}`, indices: held, puts, asked };
}

async function runScript(
  name: string,
  args: readonly string[],
  env: Record<string, string>,
): Promise<{ code: number; stdout: string; stderr: string }> {
  program("curl");
  try {
    const done = await promisify(execFile)("sh", [join(scripts, name), ...args], {
      env: { PATH: process.env["PATH"] ?? "", NOW: String(nowMs / 1_000), ...env },
    });
    return { code: 0, ...done };
  } catch (error) {
    return error as { code: number; stdout: string; stderr: string };
  }
}

const daily = (name: string, daysAgo: number, bytes = 1_000_000): Index => ({
  index: `${name}-${new Date(nowMs - daysAgo * dayMs).toISOString().slice(0, 10)}`,
  created: nowMs - daysAgo * dayMs,
  bytes,
  docs: bytes / 500,
});

test("all daily indices that are older than N days go, not only those of one day, and nothing else", async () => {
  const days = Array.from({ length: 60 }, (_, daysAgo) => daysAgo);
  const elasticsearch = await startElasticsearch([
    ...days.flatMap((daysAgo) => [daily("jaeger-span", daysAgo), daily("jaeger-service", daysAgo, 2_000)]),
    daily("other-span", 50),
    { index: "jaeger-notes", created: nowMs - 90 * dayMs, bytes: 10, docs: 1 },
  ]);
  const env = { ELASTICSEARCH_URL: elasticsearch.url };
  const before = elasticsearch.indices.size;
  const dry = await runScript("clean-indices.sh", ["--older-than", "30"], env);
  expect(dry).toMatchObject({ code: 0, stderr: "" });
  expect(elasticsearch.indices.size).toBe(before);
  expect(dry.stdout).toContain("nothing was deleted: --delete does it");
  expect(dry.stdout).toMatch(/^keep +0 d +1\.0 MB +2000 spans {2}jaeger-span-2026-03-10$/m);
  expect(dry.stdout).toMatch(/^delete +58 d +2\.0 kB +4 spans {2}jaeger-service-2026-01-10$/m);
  expect(dry.stdout).toMatch(/^120 indices, 60\.1 MB; 58 of them, 29\.1 MB, are older than asked for$/m);

  const done = await runScript("clean-indices.sh", ["--older-than", "30", "--delete"], env);
  expect(done).toMatchObject({ code: 0, stderr: "" });
  const left = [...elasticsearch.indices.keys()];
  // The end of the day counts: 30 days and a half ago ended the day that is 31 days back.
  expect(left.filter((name) => name.startsWith("jaeger-span"))).toHaveLength(31);
  expect(left.filter((name) => name.startsWith("jaeger-span")).toSorted()[0]).toBe("jaeger-span-2026-02-08");
  expect(left).toContain("jaeger-notes");
  expect(left.filter((name) => name.startsWith("other-span"))).toHaveLength(1);
  const again = await runScript("clean-indices.sh", ["--older-than", "30", "--delete"], env);
  expect(again.stdout).toContain("0 of them, 0 B, are older than asked for");
});

test("a rolled over index is as old as the one that came after it; the one that is written to stays, however old", async () => {
  const rolled = (number: number, daysAgo: number, name = "jaeger-span"): Index => ({
    index: `${name}-${String(number).padStart(6, "0")}`,
    created: nowMs - daysAgo * dayMs,
    bytes: 5_000_000_000,
    docs: 9,
  });
  const elasticsearch = await startElasticsearch([
    rolled(1, 90),
    rolled(2, 45),
    rolled(3, 20),
    // Nobody wrote dependencies for a long time: its only index is the one that the alias writes to.
    rolled(1, 200, "jaeger-dependencies"),
  ]);
  const env = { ELASTICSEARCH_URL: elasticsearch.url };
  const done = await runScript("clean-indices.sh", ["--older-than", "30", "--delete"], env);
  expect(done).toMatchObject({ code: 0, stderr: "" });
  // The second took spans until 20 days ago.
  expect([...elasticsearch.indices.keys()]).toEqual([
    "jaeger-span-000002",
    "jaeger-span-000003",
    "jaeger-dependencies-000001",
  ]);
  expect(done.stdout).toContain("5.0 GB");
});

test("a prefix is that of one Jaeger; a date is understood with dots and hours, over the turn of years and leap days", async () => {
  const named = (index: string): Index => ({ index, created: nowMs, bytes: 1, docs: 1 });
  const elasticsearch = await startElasticsearch([
    named("shop-jaeger-span-2024.02.29"),
    named("shop-jaeger-span-2025-12-31-23"),
    named("shop-jaeger-span-2026-03-10-11"),
    named("jaeger-span-2020-01-01"),
  ]);
  const env = { ELASTICSEARCH_URL: elasticsearch.url };
  const dry = await runScript("clean-indices.sh", ["--older-than", "5", "--prefix", "shop"], env);
  // 2024-02-29 ended 739 days and a half ago, 2025-12-31 68 and a half.
  expect(dry.stdout).toMatch(/^delete +739 d .*shop-jaeger-span-2024\.02\.29$/m);
  expect(dry.stdout).toMatch(/^delete +68 d .*shop-jaeger-span-2025-12-31-23$/m);
  await runScript("clean-indices.sh", ["--older-than", "5", "--prefix", "shop", "--delete"], env);
  expect([...elasticsearch.indices.keys()]).toEqual([
    "shop-jaeger-span-2026-03-10-11",
    "jaeger-span-2020-01-01",
  ]);
});

test("wrong use is 2 and deletes nothing; a refusal of Elasticsearch is 1 and says why; the password is no argument", async () => {
  const elasticsearch = await startElasticsearch([daily("jaeger-span", 50)], { password: "s3cret" });
  const env = { ELASTICSEARCH_URL: elasticsearch.url };
  for (const args of [
    [],
    ["--older-than"],
    ["--older-than", "0"],
    ["--older-than", "-3"],
    ["--older-than", "3x"],
    ["--all"],
  ]) {
    const wrong = await runScript("clean-indices.sh", args, env);
    expect(wrong.code, args.join(" ")).toBe(2);
    expect(wrong.stderr).toContain("usage:");
  }
  expect(await runScript("clean-indices.sh", ["--older-than", "3"], {})).toMatchObject({ code: 2 });
  expect(elasticsearch.asked).toEqual([]);
  const unknown = await runScript("clean-indices.sh", ["--older-than", "3", "--delete"], env);
  expect(unknown.code).toBe(1);
  expect(unknown.stderr).toContain("security_exception");
  const away = await runScript("clean-indices.sh", ["--older-than", "3"], {
    ELASTICSEARCH_URL: "http://127.0.0.1:1",
  });
  expect(away.code).toBe(1);
  const known = { ...env, ELASTICSEARCH_USERNAME: "jaeger", ELASTICSEARCH_PASSWORD: "s3cret" };
  const done = await runScript("clean-indices.sh", ["--older-than", "3", "--delete"], known);
  expect(done).toMatchObject({ code: 0 });
  expect(elasticsearch.indices.size).toBe(0);

  const refusing = await startElasticsearch([daily("jaeger-span", 50), daily("jaeger-span", 49)], {
    refuses: "jaeger-span-2026-01-19",
  });
  const halfDone = await runScript("clean-indices.sh", ["--older-than", "3", "--delete"], {
    ELASTICSEARCH_URL: refusing.url,
  });
  expect(halfDone.code).toBe(1);
  expect(halfDone.stderr).toContain("jaeger-span-2026-01-19 was not deleted");
  expect(halfDone.stderr).toContain("cluster_block_exception");
});

test("the setup gives Elasticsearch the policies: rollover, deletion after 30 days, snapshots", async () => {
  const elasticsearch = await startElasticsearch([], { password: 'quo"te' });
  const env = { ELASTICSEARCH_URL: elasticsearch.url, ELASTICSEARCH_USERNAME: "jaeger" };
  expect(await runScript("setup.sh", [], {})).toMatchObject({ code: 2 });
  expect(await runScript("setup.sh", [], { ...env, ELASTICSEARCH_PASSWORD: "wrong" })).toMatchObject({
    code: 1,
  });
  expect(elasticsearch.puts.size).toBe(0);
  const done = await runScript("setup.sh", [], { ...env, ELASTICSEARCH_PASSWORD: 'quo"te' });
  expect(done).toMatchObject({ code: 0, stderr: "" });
  expect(elasticsearch.puts.get("_ilm/policy/jaeger-ilm-policy")).toMatchObject({
    policy: {
      phases: {
        hot: { actions: { rollover: { max_age: "1d" } } },
        delete: { min_age: "30d", actions: { delete: {} } },
      },
    },
  });
  expect(elasticsearch.puts.get("_snapshot/jaeger-backups")).toMatchObject({ type: "s3" });
  expect(elasticsearch.puts.get("_slm/policy/jaeger-daily")).toMatchObject({ repository: "jaeger-backups" });
  expect([...elasticsearch.puts.keys()]).toHaveLength(3);
});
