import { readFileSync } from "node:fs";
import { connect } from "node:net";
import { expect, test } from "vitest";
import { randomNumbers, rounds, seed } from "../packages/traces/test/rounds.ts";
import { doorSecret, hex, postSigned, startReceiver, ticket } from "./door.ts";

const random = randomNumbers(seed);
const pick = <T>(list: readonly T[]): T => list[random(list.length)] as T;
const some = (most: number, make: (at: number) => string) =>
  Array.from({ length: random(most + 1) }, (_, at) => make(at));

const text = (): string =>
  pick([
    () => "",
    () => "x".repeat(random(3_000)),
    () => String.fromCodePoint(...Array.from({ length: random(20) }, () => random(0xd7ff))),
    () => '\u0000\r\n\t"\\',
    () => "<div>".repeat(random(500)),
    () =>
      pick(["__proto__", "constructor", "toString", "tenant_id", "ticket_id", "$RequestId", "{{ticket.id}}"]),
    () => String(random(1e9)),
  ])();

function json(depth = 0): unknown {
  const leaf = [() => null, () => true, () => random(1e9), () => -0.5e300, text] as const;
  if (depth > 5) return pick(leaf)();
  return pick([
    ...leaf,
    () => Array.from({ length: random(6) }, () => json(depth + 1)),
    () => Object.fromEntries(Array.from({ length: random(6) }, () => [text(), json(depth + 1)])),
    () => ({
      request: json(depth + 1),
      issue: json(depth + 1),
      ticket: json(depth + 1),
      detail: json(depth + 1),
      item: json(depth + 1),
    }),
  ])();
}

const paths = [
  "/webhook/servicedesk",
  "/webhook/servicedesk/resolved-ticket",
  "/healthz",
  "/",
  "/%ff",
  "/webhook/servicedesk?tenant=%00",
  "//webhook",
  "*",
];
const tenants = [
  "own",
  "standard",
  "static",
  "servicedesk-plus",
  "jira",
  "zendesk",
  "freshservice",
  "zammad",
  "glpi",
  "nobody",
  text,
];
const types = [
  "application/json",
  "application/x-ndjson",
  "application/x-www-form-urlencoded",
  "multipart/form-data; boundary=b",
  "text/plain",
  "application/json; charset=utf-16",
  "application/json; charset=klingon",
  "image/png",
  ";",
  "",
];

function body(): Buffer {
  return pick([
    () => Buffer.from(ticket({ tenant_id: "own", ticket_id: `F-${random(50)}` })),
    () => Buffer.from(JSON.stringify(json())),
    () => Buffer.from(JSON.stringify({ ...(JSON.parse(ticket()) as object), [text()]: json() })),
    () => Buffer.from(`${"[".repeat(random(5_000))}1`),
    () => Buffer.from(some(30, () => JSON.stringify(json())).join("\n")),
    () => Buffer.from(some(20, () => `${encodeURIComponent(text())}=${text()}`).join("&")),
    () => Buffer.from(`--b\r\nContent-Disposition: form-data; name="${text()}"\r\n\r\n${text()}\r\n--b--`),
    () => Buffer.from(JSON.stringify(json()), "utf16le"),
    () => Buffer.from(Array.from({ length: random(300) }, () => random(256))),
    () => Buffer.alloc(0),
  ])();
}

/** Signed as each scheme asks, so that most of them get as far as the body. */
function signature(content: Buffer): string[] {
  const now = String(Math.floor(Date.now() / 1_000));
  if (random(5) > 0) return [`x-signature: ${hex("sha256", content)}`, `x-webhook-secret: ${doorSecret}`];
  return pick([
    () => [`x-hub-signature: sha256=${hex("sha256", content)}`],
    () => [`x-hub-signature: sha1=${hex("sha1", content)}`],
    () => [`x-webhook-secret: ${doorSecret}`],
    () => [`x-glpi-timestamp: ${now}`, `x-glpi-signature: ${hex("sha256", content, now)}`],
    () => [`x-signature: ${text().replace(/[\r\n\0]/g, "")}`],
    () => [
      "webhook-id: 1",
      `webhook-timestamp: ${text().replace(/[\r\n\0]/g, "")}`,
      "webhook-signature: v1,AAAA v1",
    ],
  ])();
}

function chunked(content: Buffer): Buffer {
  const parts: Buffer[] = [];
  for (let at = 0; at < content.length;) {
    const size = 1 + random(200);
    const part = content.subarray(at, at + size);
    const length = random(200) === 0 ? pick(["zz", "-1", "ffffffffffffffff", ""]) : part.length.toString(16);
    parts.push(Buffer.from(`${length}${random(10) === 0 ? ";ext=1" : ""}\r\n`), part, Buffer.from("\r\n"));
    at += size;
  }
  return Buffer.concat([...parts, Buffer.from(pick(["0\r\n\r\n", "0\r\ntrailer: x\r\n\r\n", "0\r\n", ""]))]);
}

/** Nothing wrong with it: pipelined with others it must be answered 202. */
function soundRequest(): Buffer {
  const content = ticket({
    tenant_id: "own",
    ticket_id: `S-${random(1_000)}`,
    description: `text ${text()} ${random(1e9)}`,
  });
  const length = Buffer.byteLength(content);
  return Buffer.from(
    `POST /webhook/servicedesk HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\nx-signature: ${hex("sha256", content)}\r\ncontent-length: ${length}\r\n\r\n${content}`,
  );
}

function request(): Buffer {
  if (random(4) === 0) return soundRequest();
  const content = body();
  const isChunked = random(4) === 0;
  const tenant = pick(tenants);
  const head = [
    `${random(20) === 0 ? pick(["GET", "PUT", "OPTIONS", "BREW", "CONNECT"]) : "POST"} ${random(6) === 0 ? pick(paths) : pick(paths.slice(0, 2))} HTTP/1.1`,
    "host: x",
    `content-type: ${pick(types)}`,
    `x-tenant-id: ${(typeof tenant === "string" ? tenant : tenant()).replace(/[^\x20-\x7e]/g, "")}`,
    ...signature(content),
    ...some(
      3,
      () =>
        `${pick(random(15) === 0 ? ["expect", "content-encoding", "connection"] : ["traceparent", "tracestate", "x-forwarded-for", "webhook-id", "user-agent"])}: ${text().replace(/[\r\n\0]/g, "")}`,
    ),
    isChunked
      ? "transfer-encoding: chunked"
      : `content-length: ${random(30) === 0 ? random(100) : content.length}`,
    ...(random(50) === 0 ? some(200, (at) => `h${at}: 1`) : []),
  ];
  const whole = Buffer.concat([
    Buffer.from(`${head.join("\r\n")}\r\n\r\n`, "latin1"),
    isChunked ? chunked(content) : content,
  ]);
  if (random(10) > 0) return whole;
  // Bytes go over, are lost or stand twice.
  const at = random(whole.length);
  return pick([
    () => whole.subarray(0, at),
    () => Buffer.concat([whole.subarray(0, at), Buffer.from([random(256)]), whole.subarray(at)]),
    () => Buffer.concat([whole.subarray(0, at), whole.subarray(Math.min(whole.length, at + 1 + random(50)))]),
    () => Buffer.from(Array.from({ length: random(500) }, () => random(256))),
  ])();
}

/** Writes and says that no more comes; all that is answered. */
function exchange(port: number, bytes: Buffer): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect({ host: "127.0.0.1", port });
    let answer = "";
    socket.setTimeout(30_000, () => socket.destroy(new Error("no end")));
    socket.on("data", (chunk: Buffer) => (answer += chunk.toString("latin1")));
    socket.on("error", (error: NodeJS.ErrnoException) => {
      if (error.message === "no end") answer += "NO END";
    });
    socket.on("close", () => resolve(answer));
    socket.end(bytes);
  });
}

const residentMb = (pid: number) =>
  Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) / 1_024;

test("whatever comes through a socket: no crash, no 500, no growth", { timeout: 3_600_000 }, async () => {
  process.stdout.write(`seed ${seed}\n`);
  const presets = ["servicedesk-plus", "jira", "zendesk", "freshservice", "zammad", "glpi"];
  const open = { ratePerMinute: null };
  const { url, receiver } = await startReceiver({
    flags: ["--webhook-failures-per-minute", "9999999"],
    tenants: {
      own: { settings: { webhook: open } },
      standard: { settings: { webhook: { ...open, scheme: "standard-webhooks" } } },
      static: { settings: { webhook: { ...open, scheme: "static-secret", preset: "servicedesk-plus" } } },
      ...Object.fromEntries(
        presets.map((preset) => [preset, { settings: { webhook: { ...open, preset } } }]),
      ),
    },
    env: { OTEL_TRACES_EXPORTER: "otlp", OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:9" },
  });
  const port = Number(new URL(url).port);
  const total = rounds(100_000);
  const statuses = new Map<string, number>();
  let warmMb = 0;
  for (let sent = 0; sent < total;) {
    const group: Buffer[][] = Array.from({ length: 16 }, () =>
      Array.from({ length: 1 + random(4) }, request),
    );
    sent += group.flat().length;
    const batches = group.map((requests) => Buffer.concat(requests));
    const answers = await Promise.all(batches.map((bytes) => exchange(port, bytes)));
    for (const [at, answer] of answers.entries()) {
      for (const [, status = ""] of answer.matchAll(/HTTP\/1\.1 (\d{3}) /g))
        statuses.set(status, (statuses.get(status) ?? 0) + 1);
      const isWrong = /HTTP\/1\.1 5(?!03)\d\d|NO END|TL_INTERNAL/.test(answer);
      expect(isWrong ? { sent: batches[at]?.toString("latin1"), answer } : undefined).toBeUndefined();
    }
    if (warmMb === 0 && sent > total * 0.4) warmMb = residentMb(receiver.ready.pid);
  }
  expect(receiver.child.exitCode).toBeNull();
  expect((await postSigned(url, ticket({ tenant_id: "own", ticket_id: "AFTER-1" }))).status).toBe(202);
  const endMb = residentMb(receiver.ready.pid);
  process.stdout.write(
    `${total} requests, ${JSON.stringify(Object.fromEntries(statuses))}, ${warmMb.toFixed(0)} MB then ${endMb.toFixed(0)} MB\n`,
  );
  expect(statuses.get("202") ?? 0).toBeGreaterThan(0);
  expect(endMb).toBeLessThan(warmMb * 1.3 + 60);
});
