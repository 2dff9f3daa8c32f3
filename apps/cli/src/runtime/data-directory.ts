import { ThroughlineError } from "@throughline/api";
import { randomBytes } from "node:crypto";
import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join, resolve } from "node:path";
import { z } from "zod";

const runFileSchema = z.object({
  role: z.string(),
  pid: z.number().int(),
  /** Bearer token for what changes state. */
  token: z.string(),
  addresses: z.record(z.string(), z.string()),
  /** Jobs that it works on at once at most. */
  workers: z.number().int().optional(),
  /** Of parts that speak TLS: where processes on this directory reach them without, on loopback. */
  own: z.record(z.string(), z.string()).default({}),
});
/** `run/<role>.json` in the data directory: how a command finds a running instance. */
export type RunFile = z.infer<typeof runFileSchema>;

/**
 * Makes the directory where it is missing; only its owner may enter. One that belongs to somebody else, as a volume of Kubernetes belongs to
 * root, keeps its mode. Returns the absolute path.
 */
export function openDataDirectory(directory: string): string {
  const path = resolve(directory);
  try {
    mkdirSync(join(path, "run"), { recursive: true, mode: 0o700 });
    const mine = process.getuid?.();
    if (mine === undefined || mine === 0 || statSync(path).uid === mine) chmodSync(path, 0o700);
  } catch (error) {
    throw new ThroughlineError("TL_DATA_DIRECTORY_UNUSABLE", `${path}: ${String(error)}`, { cause: error });
  }
  return path;
}

export function newToken(): string {
  return randomBytes(32).toString("base64url");
}

/** Written whole or not at all. */
export function writeJsonFile(file: string, content: unknown, mode = 0o600): void {
  const draft = `${file}.${process.pid}.tmp`;
  writeFileSync(draft, `${JSON.stringify(content, null, 2)}\n`, { mode });
  renameSync(draft, file);
}

/** The ready file of whoever started us: its place is theirs, and may be wrong. */
export function writeReadyFile(file: string, content: unknown): void {
  try {
    writeJsonFile(file, content);
  } catch (error) {
    throw new ThroughlineError(
      "TL_SETTING_INVALID",
      `--ready-file ${file} cannot be written: ${String(error)}.`,
      { cause: error },
    );
  }
}

/**
 * Announces this process; a second process of the same role gets a name of its own. What an earlier process of the same id left is not in
 * the way: in a container every one has the id 1. Returns how to withdraw it.
 */
export function announce(directory: string, run: RunFile): () => void {
  const plain = join(directory, "run", `${run.role}.json`);
  const other = readRunFile(plain);
  const isOthers = other?.pid !== run.pid && isAlive(other);
  const file = isOthers ? join(directory, "run", `${run.role}.${run.pid}.json`) : plain;
  writeJsonFile(file, run);
  return () => {
    if (readRunFile(file)?.token === run.token) rmSync(file, { force: true });
  };
}

/** Announced processes that are still there. One that crashed left its file behind; its process id tells. */
export function runningInstances(directory: string): RunFile[] {
  let names: string[];
  try {
    names = readdirSync(join(directory, "run"));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw new ThroughlineError("TL_DATA_DIRECTORY_UNUSABLE", `${directory}: ${String(error)}`, {
      cause: error,
    });
  }
  return names
    .filter((name) => name.endsWith(".json"))
    .sort()
    .flatMap((name) => {
      const run = readRunFile(join(directory, "run", name));
      return run !== undefined && isAlive(run) ? [run] : [];
    });
}

/**
 * The address at which processes on this directory reach a part that runs on it, or which is shown to people; undefined where none does.
 */
export function addressOfRunning(
  directory: string,
  part: string,
  whose: "own" | "shown" = "own",
): string | undefined {
  for (const { addresses, own } of runningInstances(directory)) {
    const address = (whose === "own" ? own[part] : undefined) ?? addresses[part];
    if (address !== undefined) return address;
  }
  return undefined;
}

/** The token that a process announced with this address; undefined where none runs. */
export function tokenOfRunning(directory: string, part: string): string | undefined {
  return runningInstances(directory).find(({ addresses }) => addresses[part] !== undefined)?.token;
}

function readRunFile(file: string): RunFile | undefined {
  try {
    const parsed = runFileSchema.safeParse(JSON.parse(readFileSync(file, "utf8")));
    return parsed.success ? parsed.data : undefined;
  } catch {
    // Gone, or another process is about to replace it: as good as not there.
    return undefined;
  }
}

function isAlive(run: RunFile | undefined): boolean {
  if (run === undefined) return false;
  if (run.pid === process.pid) return true;
  try {
    process.kill(run.pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
