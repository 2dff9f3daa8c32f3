import { spawn } from "node:child_process";
import { rm } from "node:fs/promises";
import { onTestFinished, expect, test } from "vitest";
import { wrongEnd } from "../bench/soak/ledger.ts";
import { judge } from "../bench/soak/steadiness.ts";
import { until } from "./harness.ts";

function soak(...flags: string[]) {
  const script = new URL("../bench/soak.ts", import.meta.url).pathname;
  const child = spawn(process.execPath, [script, ...flags], { stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (output += String(chunk)));
  const ended = new Promise<number | null>((resolve) => child.once("close", resolve));
  onTestFinished(async () => {
    child.kill("SIGINT");
    await ended;
    const state = /state in (\S+)/.exec(output)?.[1];
    if (state !== undefined) await rm(state, { recursive: true, force: true });
  });
  return { child, ended, output: () => output };
}

test(
  "a short soak keeps every ticket and every span while parts are killed, and reports its seed",
  { timeout: 600_000 },
  async () => {
    const { ended, output } = soak("--minutes", "0.6", "--seed", "11", "--spans", "200");
    expect(await ended, output()).toBe(0);
    expect(output()).toContain("seed 11");
    const figure = (row: string) => Number(new RegExp(`\\| ${row} \\| (\\d+)`).exec(output())?.[1]);
    expect(figure("tickets accepted")).toBeGreaterThan(50);
    expect(figure("looked at on the desk at the end")).toBe(figure("tickets accepted"));
    expect(figure("spans acknowledged")).toBeGreaterThan(1_000);
    expect(figure("found in the export at the end")).toBe(figure("spans acknowledged"));
    expect(output()).toMatch(/\| disturbances \| \w/);
    expect(output()).toContain("| violated | nothing |");
  },
);

test("Ctrl-C ends a soak with the report so far", { timeout: 600_000 }, async () => {
  const { child, ended, output } = soak("--hours", "1", "--tickets", "20", "--spans", "100");
  await until("the load", () => output().includes("load runs"), 240_000);
  await new Promise((resolve) => setTimeout(resolve, 3_000));
  child.kill("SIGINT");
  expect(await ended, output()).toBe(0);
  expect(output()).toMatch(/Soak of 0\.\d min, interrupted/);
  expect(output()).toMatch(/\| tickets accepted \| [1-9]/);
  expect(output()).toContain("; 0 not ended |");
});

test("a soak without a length is refused", async () => {
  expect(await soak().ended).toBe(2);
});

test("a ticket ends in one note, as a dead letter with its reason or skipped with its reason, and nothing else", () => {
  const done = { state: "done", status: "success", reason: null };
  const skipped = { state: "done", status: "skipped", reason: "closed" };
  const dead = { state: "dead", status: "failed", reason: "the desk refused" };
  expect([wrongEnd(done, 1), wrongEnd(skipped, 0), wrongEnd(dead, 0), wrongEnd(dead, 1)]).toEqual([
    undefined,
    undefined,
    undefined,
    undefined,
  ]);
  expect(wrongEnd(done, 0)).toBe("it is done (success) and has no note");
  expect(wrongEnd({ ...done, status: null }, 1)).toBe("it is done and does not say how it ended");
  expect(wrongEnd(done, 2)).toBe("it has 2 notes");
  expect(wrongEnd(dead, 2)).toBe("it has 2 notes");
  expect(wrongEnd({ ...dead, reason: "" }, 0)).toBe("it is a dead letter without a reason");
  expect(wrongEnd(skipped, 1)).toBe("it was skipped and has a note");
  expect(wrongEnd({ ...skipped, reason: null }, 0)).toBe("it was skipped without a reason");
});

test("a process whose memory or handles grow after its warm-up is not flat; a short life is not judged", () => {
  const life = (residentMb: (at: number) => number, handles: (at: number) => number, seconds = 1_500) =>
    judge(
      Array.from({ length: seconds / 5 }, (_, at) => ({
        at: at * 5,
        residentMb: residentMb(at * 5),
        handles: handles(at * 5),
      })),
    )?.isFlat;
  expect(
    life(
      () => 150 + Math.random() * 10,
      () => 40,
    ),
  ).toBe(true);
  expect(
    life(
      (at) => 100 + Math.min(at, 300) / 2,
      () => 40,
    ),
  ).toBe(true);
  expect(
    life(
      (at) => 150 + at / 10,
      () => 40,
    ),
  ).toBe(false);
  expect(
    life(
      () => 150,
      (at) => 40 + at / 20,
    ),
  ).toBe(false);
  expect(
    life(
      () => 150,
      () => 40,
      400,
    ),
  ).toBeUndefined();
});
