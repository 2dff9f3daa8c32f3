import { execFileSync, spawn } from "node:child_process";
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { command } from "./harness.ts";

export const root = new URL("../", import.meta.url).pathname;

export const documents: readonly string[] = execFileSync("git", ["ls-files", "*.md"], {
  cwd: root,
  encoding: "utf8",
})
  .trim()
  .split("\n");

export function readDocument(file: string): string {
  return readFileSync(join(root, file), "utf8");
}

/** A block of commands whose fence says `sh run`: what is promised is that it works as it stands. */
export interface RunnableBlock {
  line: number;
  script: string;
  /** Of `sh run exit=N`; 0 where nothing is said. */
  exitCode: number;
}

export function runnableBlocks(text: string): RunnableBlock[] {
  return [...text.matchAll(/^( *)```sh run(?: exit=(\d+))?\n([^]*?)^\1```$/gm)].map(
    ({ index, 1: indent = "", 2: exit = "0", 3: body = "" }) => ({
      line: text.slice(0, index).split("\n").length,
      script: body.replaceAll(new RegExp(`^${indent}`, "gm"), ""),
      exitCode: Number(exit),
    }),
  );
}

/** A PATH on which `npx throughline` is this repository's command, without npm asking anybody. */
export function pathWithNpx(directory: string): string {
  const bin = join(directory, "bin");
  mkdirSync(bin, { recursive: true });
  writeFileSync(join(bin, "npx"), `#!/bin/sh\nshift\nexec "${command}" "$@"\n`);
  chmodSync(join(bin, "npx"), 0o755);
  return [bin, join(root, "node_modules/.bin"), process.env["PATH"] ?? ""].join(delimiter);
}

/** Runs commands as somebody would who pastes them; a line that fails ends it. `end` kills all that it started. */
export function runShell(script: string, options: { cwd: string; env: NodeJS.ProcessEnv }) {
  const child = spawn("sh", ["-euc", script], {
    ...options,
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  let output = "";
  child.stdout.on("data", (chunk) => (output += String(chunk)));
  child.stderr.on("data", (chunk) => (output += String(chunk)));
  const code = new Promise<number | null>((resolve) => child.once("close", resolve));
  const end = async () => {
    if (child.pid !== undefined && child.exitCode === null && child.signalCode === null)
      process.kill(-child.pid, "SIGKILL");
    return code;
  };
  return { code, end, output: () => output };
}

/** The variables under which a process takes a free port at each of its addresses. */
export const anyAddress: Readonly<Record<string, string>> = Object.fromEntries(
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
