import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseEnv } from "node:util";
import { expect, test } from "vitest";
import { acceptTicket, addTenant, deskKey, jobEnded, start, temporaryDirectory } from "./harness.ts";
import { program } from "./programs.ts";

const root = new URL("../", import.meta.url).pathname;
const unitFile = "deploy/systemd/throughline@.service";
const unit = readFileSync(join(root, unitFile), "utf8");
const values = (key: string) =>
  [...unit.matchAll(new RegExp(`^${key}=(.*)$`, "gm"))].map(([, value]) => value ?? "");

/** Asks systemd-analyze about the unit of `up`, its program being this checkout's. */
async function analyse(text: string, ...command: string[]) {
  const directory = join(await temporaryDirectory(), "units");
  mkdirSync(directory);
  const file = join(directory, "throughline@up.service");
  writeFileSync(file, text.replaceAll("/opt/throughline/", root));
  const { status, stdout, stderr } = spawnSync(program("systemd-analyze"), [...command, file], {
    encoding: "utf8",
    env: { ...process.env, SYSTEMD_COLORS: "0" },
  });
  return { status, stdout, stderr };
}

test("systemd has nothing to say against the unit, and finds one that is misspelt", async () => {
  expect(readdirSync(join(root, "deploy/systemd"))).toContain("throughline@.service");
  expect(await analyse(unit, "verify", "--man=no")).toEqual({ status: 0, stdout: "", stderr: "" });
  const misspelt = await analyse(unit.replace("ProtectHome=yes", "ProtectHoem=yes"), "verify", "--man=no");
  expect(misspelt.stderr).toContain("ProtectHoem");
});

test("the unit may do next to nothing on the machine: 2 of 10 at most, as systemd counts", async () => {
  const limit = "--threshold=20";
  const hard = await analyse(unit, "security", "--offline=true", "--no-pager", limit);
  expect(hard.stdout).toMatch(/Overall exposure level for throughline@up\.service: [01]\.\d OK/);
  expect(hard.status).toBe(0);
  const soft = await analyse(
    unit.replace(/^(Protect|Private|Restrict|SystemCall|Capability)\w+=.*$/gm, ""),
    "security",
    "--offline=true",
    "--no-pager",
    limit,
  );
  expect(soft.status).toBe(1);
});

test("what the unit starts, with the settings that are installed beside it, takes a ticket, in one process or in three", async () => {
  const [commandLine = ""] = values("ExecStart");
  expect(commandLine).toBe("/opt/throughline/node_modules/.bin/throughline %i");
  expect(values("EnvironmentFile")).toEqual([
    "-/etc/throughline/throughline.env",
    "-/etc/throughline/%i.env",
  ]);
  const settings = parseEnv(readFileSync(join(root, "deploy/systemd/throughline.env.example"), "utf8"));
  for (const roles of [["up"], ["traces", "receiver", "worker"]]) {
    const data = await temporaryDirectory();
    const desk = await start(["simulate", "desk", "--key", deskKey], { data: join(data, "desk") });
    await addTenant(data, desk.address("desk"));
    const env = { ...(settings as Record<string, string>), NODE_COMPILE_CACHE: join(data, "compiled") };
    const running = new Map<string, Awaited<ReturnType<typeof start>>>();
    for (const role of roles) running.set(role, await start([role], { data, env }));
    const receiver = running.get("receiver") ?? running.get("up");
    if (receiver === undefined) throw new Error("nothing receives");
    const { job_id: jobId } = await acceptTicket(receiver.address("webhook"), "UNIT-1");
    expect(await jobEnded(receiver.address("admin"), jobId)).toMatchObject({ state: "done" });
    for (const one of running.values()) expect(await one.end()).toBe(0);
  }
});
