import { spawn } from "node:child_process";
import { createServer } from "node:http";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { doorSecret, jobs, startReceiver } from "./door.ts";
import { temporaryDirectory } from "./harness.ts";
import { program } from "./programs.ts";

const script = new URL("../deploy/servicedesk-plus/throughline_notify.py", import.meta.url).pathname;

async function folder(url: string, more = ""): Promise<string> {
  const path = await temporaryDirectory();
  writeFileSync(join(path, "secret"), `${doorSecret}\n`);
  const lines = [
    "[throughline]",
    `url = ${url}/webhook/servicedesk`,
    "tenant = sdp",
    "secret_file = secret",
    more,
  ];
  writeFileSync(join(path, "throughline_notify.ini"), lines.join("\n"));
  return path;
}

async function notify(path: string, request: unknown) {
  const file = join(path, "1045_1764000000000.json");
  writeFileSync(file, typeof request === "string" ? request : JSON.stringify(request));
  const child = spawn(program("python3"), [script, file], {
    env: { PATH: process.env["PATH"], THROUGHLINE_NOTIFY_INI: join(path, "throughline_notify.ini") },
  });
  let stdout = "";
  let stderr = "";
  child.stdout.on("data", (chunk) => (stdout += String(chunk)));
  child.stderr.on("data", (chunk) => (stderr += String(chunk)));
  const code = await new Promise<number | null>((resolve) => child.once("close", resolve));
  expect(stderr).toBe("");
  const said = JSON.parse(stdout) as { result: string; message: string };
  return { code, ...said, log: readFileSync(join(path, "throughline_notify.log"), "utf8") };
}

const request = (fields: object = {}) => ({
  request: {
    id: "1045",
    subject: "Größe",
    description: "<p>VPN</p>",
    priority: { name: "High" },
    last_updated_time: { value: "1764000000000" },
    ...fields,
  },
});

test("the script action signs, sends, and makes one job of what it sends twice", async () => {
  const settings = { webhook: { preset: "servicedesk-plus", ratePerMinute: null } };
  const { url, data } = await startReceiver({ tenants: { sdp: { settings }, strict: {} } });
  const path = await folder(url);
  const first = await notify(path, request());
  expect(first).toMatchObject({
    code: 0,
    result: "success",
    message: expect.stringContaining("accepted") as string,
  });
  expect(await notify(path, request())).toMatchObject({ code: 0, message: first.message });
  expect(await notify(path, request({ id: "1046", description: "x".repeat(2_000_000) }))).toMatchObject({
    code: 0,
  });
  expect((await jobs(data)).map(({ ticketId }) => ticketId).sort()).toEqual(["1045", "1046"]);
  writeFileSync(join(path, "secret"), "another");
  const refused = await notify(path, request());
  expect(refused).toMatchObject({
    code: 1,
    result: "failure",
    message: expect.stringContaining("TL_SIGNATURE_INVALID") as string,
  });
  expect(refused.log).not.toContain(doorSecret);
  for (const wrong of ["{}", "not json", '{"request":{}}'])
    expect(await notify(path, wrong)).toMatchObject({
      code: 1,
      message: expect.stringContaining("no request with an id") as string,
    });
});

test("it tries again as it is told to, with the same body and signature, and gives up with a reason", async () => {
  const answers: { status: number; headers?: Record<string, string> }[] = [
    { status: 503, headers: { "retry-after": "0" } },
    { status: 429, headers: { "retry-after": "0" } },
    { status: 202 },
  ];
  const seen: string[] = [];
  const server = createServer((incoming, response) => {
    let body = "";
    incoming.on("data", (chunk) => (body += String(chunk)));
    incoming.on("end", () => {
      seen.push(`${String(incoming.headers["x-servicedesk-signature"])} ${body}`);
      const { status, headers = {} } = answers.shift() ?? { status: 503, headers: { "retry-after": "0" } };
      response.writeHead(status, headers).end(JSON.stringify({ status: "accepted", job_id: "j1" }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  const path = await folder(
    `http://127.0.0.1:${(server.address() as { port: number }).port}`,
    "attempts = 3",
  );
  expect(await notify(path, request())).toMatchObject({
    code: 0,
    message: expect.stringContaining("j1") as string,
  });
  expect(seen).toHaveLength(3);
  expect(new Set(seen).size).toBe(1);
  const given = await notify(path, request());
  expect(given).toMatchObject({ code: 1, message: expect.stringContaining("3 attempts") as string });
  expect(given.log.match(/attempt \d of 3/g)).toHaveLength(5);
});
