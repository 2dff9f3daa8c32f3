import { createHmac } from "node:crypto";
import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { anyAddress, pathWithNpx, readDocument, runShell } from "./documents.ts";
import {
  jobEnded,
  learnAdminToken,
  named,
  notesOf,
  start,
  temporaryDirectory,
  traceWith,
  until,
} from "./harness.ts";

const readme = readDocument("README.md");
const sampleData = new URL("../apps/cli/src/demo/data/", import.meta.url).pathname;

/** The README's commands of the section "Use it", in their order. */
function shownCommands(): string[] {
  const section = readme.split("## Use it\n")[1]?.split("\n## ")[0] ?? "";
  const blocks = [...section.matchAll(/```(?:bash|sh run)\n([\s\S]*?)```/g)].map(([, block]) => block ?? "");
  return blocks.flatMap((block) => block.trim().split("\n"));
}

test("the README's commands do what it says, as they stand there", { timeout: 120_000 }, async () => {
  const folder = await temporaryDirectory();
  const desk = await start(["simulate", "desk"], { data: join(folder, "desk") });
  writeFileSync(join(folder, "desk-key.txt"), "a technician key\n");
  cpSync(join(sampleData, "history.csv"), join(folder, "tickets.csv"));
  cpSync(join(sampleData, "inventory.csv"), join(folder, "systems.csv"));
  cpSync(join(sampleData, "docs"), join(folder, "handbook"), { recursive: true });

  const env = {
    PATH: pathWithNpx(folder),
    ...anyAddress,
    THROUGHLINE_READY_FILE: join(folder, "ready.json"),
    OTEL_BSP_SCHEDULE_DELAY: "100",
  };
  const shell = (line: string) =>
    runShell(line.replace("https://desk.example.com:8080", desk.address("desk")), { cwd: folder, env });
  const outputs = new Map<string, string>();

  const commands = shownCommands();
  expect(commands).toHaveLength(6);
  for (const line of commands.filter((candidate) => !/ (?:up|trace .*)$/.test(candidate))) {
    const ran = shell(line);
    expect(await ran.code, `${line}\n${ran.output()}`).toBe(0);
    outputs.set(line, ran.output());
  }
  const up = shell(commands.find((line) => line.endsWith(" up")) ?? "");
  onTestFinished(async () => void (await up.end()));
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
