import { ThroughlineError } from "@throughline/api";
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { basename } from "node:path";
import { flagOf } from "../config.ts";
import type { Address } from "./address.ts";

/** Turns "address in use" into an error that names port, holder and flag, found among the settings; any other error stays as it is. */
export function explainListenError(error: unknown, settings: Readonly<Record<string, unknown>>): unknown {
  if (!(error instanceof Error)) return error;
  const { code, port, address } = error as NodeJS.ErrnoException & { port?: number; address?: string };
  if (code !== "EADDRINUSE" && code !== "EACCES" && code !== "EADDRNOTAVAIL") return error;
  const part = Object.keys(settings).find((name) => (settings[name] as Partial<Address>)?.port === port);
  if (part === undefined || port === undefined) return error;
  const where = `${address ?? (settings[part] as Address).host}:${port}`;
  if (code !== "EADDRINUSE") {
    return new ThroughlineError(
      "TL_SETTING_INVALID",
      `${flagOf(part)} ${where} cannot be listened on (${code}).`,
      { cause: error },
    );
  }
  const holder = holderOf(port);
  const who = holder === undefined ? "another program" : `process ${holder.pid} (${holder.command})`;
  return new ThroughlineError(
    "TL_ADDRESS_IN_USE",
    `${where} is held by ${who}: stop it, or choose another address with ${flagOf(part)}.`,
    { cause: error },
  );
}

/** Who listens on a TCP port, from /proc: elsewhere, or for processes of other users, it cannot be known. */
function holderOf(port: number): { pid: number; command: string } | undefined {
  try {
    const inodes = new Set(
      ["/proc/net/tcp", "/proc/net/tcp6"].flatMap((file) => listeningInodes(file, port)),
    );
    for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
      if (holdsOneOf(pid, inodes)) return { pid: Number(pid), command: programOf(pid) };
    }
  } catch (error) {
    if (!isExpected(error)) throw error;
  }
  return undefined;
}

/** Its program's name: what the kernel has as such is the name of a thread. */
function programOf(pid: string): string {
  const [program = ""] = readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
  return basename(program);
}

/** Columns of /proc/net/tcp: 1 local address `hex:port`, 3 state (0A = listen), 9 inode. */
function listeningInodes(file: string, port: number): string[] {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, "0")}`;
  return readFileSync(file, "utf8")
    .split("\n")
    .map((line) => line.trim().split(/\s+/))
    .filter((columns) => columns[1]?.endsWith(suffix) === true && columns[3] === "0A")
    .map((columns) => columns[9] ?? "");
}

function holdsOneOf(pid: string, inodes: ReadonlySet<string>): boolean {
  try {
    return readdirSync(`/proc/${pid}/fd`).some((fd) => {
      const target = /^socket:\[(\d+)\]$/.exec(readLink(`/proc/${pid}/fd/${fd}`))?.[1];
      return target !== undefined && inodes.has(target);
    });
  } catch (error) {
    if (!isExpected(error)) throw error;
    return false;
  }
}

function readLink(path: string): string {
  try {
    return readlinkSync(path);
  } catch (error) {
    if (!isExpected(error)) throw error;
    return "";
  }
}

/** Processes end while we look, and others' files are closed to us. */
function isExpected(error: unknown): boolean {
  return ["ENOENT", "EACCES", "EPERM", "ESRCH", "EINVAL"].includes(
    (error as NodeJS.ErrnoException).code ?? "",
  );
}
