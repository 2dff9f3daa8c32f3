import { spawn } from "node:child_process";
import { createHmac } from "node:crypto";
import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import {
  command,
  jobEnded,
  learnAdminToken,
  named,
  notesOf,
  start,
  temporaryDirectory,
  traceWith,
  until,
} from "./harness.ts";

const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");
const sampleData = new URL("../apps/cli/src/demo/data/", import.meta.url).pathname;

/** The README's commands of the section "Use it", in their order. */
function shownCommands(): string[] {
  const section = readme.split("## Use it\n")[1]?.split("\n## ")[0] ?? "";
  const blocks = [...section.matchAll(/```bash\n([\s\S]*?)```/g)].map(([, block]) => block ?? "");
  return blocks.flatMap((block) => block.trim().split("\n"));
}

test("the README's commands do what it says, as they stand there", { timeout: 120_000 }, async () => {
  const folder = await temporaryDirectory();
  const desk = await start(["simulate", "desk"], { data: join(folder, "desk") });
  writeFileSync(join(folder, "desk-key.txt"), "a technician key\n");
  cpSync(join(sampleData, "history.csv"), join(folder, "tickets.csv"));
  cpSync(join(sampleData, "inventory.csv"), join(folder, "systems.csv"));
  cpSync(join(sampleData, "docs"), join(folder, "handbook"), { recursive: true });

  const addresses = Object.fromEntries(
    [
      "WEBHOOK",
      "ADMIN",
      "CONSOLE",
      "OTLP_GRPC",
      "OTLP_HTTP",
      "QUERY_GRPC",
      "ZIPKIN",
      "JAEGER_THRIFT",
      "JAEGER_COMPACT",
      "JAEGER_BINARY",
    ].map((part) => [`THROUGHLINE_${part}`, "127.0.0.1:0"]),
  );
  const env = {
    PATH: process.env["PATH"],
    ...addresses,
    THROUGHLINE_READY_FILE: join(folder, "ready.json"),
    OTEL_BSP_SCHEDULE_DELAY: "100",
  };
  /** `npx` without the network: the same command, found the same way. */
  const shell = (line: string) => {
    const script = `npx() { shift; exec "${command}" "$@"; }\n${line.replace("https://desk.example.com:8080", desk.address("desk"))}`;
    const child = spawn("sh", ["-c", script], { cwd: folder, env, stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    child.stdout.on("data", (chunk) => (output += String(chunk)));
    child.stderr.on("data", (chunk) => (output += String(chunk)));
    const code = new Promise<number | null>((resolve) => child.once("close", resolve));
    return { child, code, output: () => output };
  };
  const outputs = new Map<string, string>();

  const commands = shownCommands();
  expect(commands).toHaveLength(6);
  for (const line of commands.filter((candidate) => !/ (?:up|trace .*)$/.test(candidate))) {
    const ran = shell(line);
    expect(await ran.code, `${line}\n${ran.output()}`).toBe(0);
    outputs.set(line, ran.output());
  }
  const up = shell(commands.find((line) => line.endsWith(" up")) ?? "");
  onTestFinished(async () => {
    up.child.kill("SIGKILL");
    await up.code;
  });
  const ready = await until("up to be ready", () => {
    try {
      return JSON.parse(readFileSync(join(folder, "ready.json"), "utf8")) as Record<string, string>;
    } catch {
      return undefined;
    }
  });

  learnAdminToken(ready["admin"] ?? "", join(folder, ".throughline"), "up");
  // The JSON body of the README, signed with the secret that `tenant add` showed.
  const secret = /shown this once: (\S+)/.exec([...outputs.values()].join("\n"))?.[1] ?? "";
  const body = /```json\n([\s\S]*?)```/.exec(readme)?.[1] ?? "";
  const signature = `sha256=${createHmac("sha256", secret).update(body).digest("hex")}`;
  const response = await fetch(`${ready["webhook"] ?? ""}/webhook/servicedesk`, {
    method: "POST",
    headers: { "x-servicedesk-signature": signature },
    body,
  });
  expect(response.status).toBe(202);
  const { job_id: jobId, trace_id: traceId } = (await response.json()) as {
    job_id: string;
    trace_id: string;
  };
  expect(await jobEnded(ready["admin"] ?? "", jobId)).toMatchObject({ status: "success" });
  expect(await notesOf(desk.address("desk"), "TICKET-456")).toHaveLength(1);
  await traceWith(ready["console"] ?? "", traceId, (spans) => named(spans, "enhance_ticket").length === 1);
  const shown = shell(commands.find((line) => / trace /.test(line)) ?? "");
  expect(await shown.code).toBe(0);
  expect(shown.output()).toContain("api.servicedesk_plus.update_ticket");
});
