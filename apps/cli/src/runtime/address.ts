import { ThroughlineError } from "@throughline/api";

export interface Address {
  host: string;
  port: number;
}

/** `host:port`, `[::1]:port`, `:port` or a port alone; without a host it is loopback. undefined when it is none of these. */
export function parseAddress(text: string): Address | undefined {
  const match = /^(?:(?:\[([0-9a-fA-F:.]+)\]|([^\s:/[\]]+))?:)?(\d{1,5})$/.exec(text.trim());
  if (match === null) return undefined;
  const port = Number(match[3]);
  return port > 65_535 ? undefined : { host: match[1] ?? match[2] ?? "127.0.0.1", port };
}

export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127(?:\.\d{1,3}){3}$/.test(host);
}

const unitsMs = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** `90s`, `1h30m`, `500ms`, `30d` in milliseconds; undefined when it is no duration. */
export function parseDuration(text: string): number | undefined {
  if (!/^(?:\d+(?:\.\d+)?(?:ms|s|m|h|d))+$/.test(text)) return undefined;
  let total = 0;
  for (const [, number, unit] of text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h|d)/g)) {
    total += Number(number) * unitsMs[unit as keyof typeof unitsMs];
  }
  return total;
}

/** As `--access` says: whether whoever only looks at the listener on `host` is asked who they are. */
export function asksForToken(access: "auto" | "token" | "open", host: string): boolean {
  return access === "token" || (access === "auto" && !isLoopback(host));
}

/** Bytes of a size such as `500MB` or `1.5GB` (decimal units); undefined for anything else. */
export function parseBytes(text: string): number | undefined {
  const [, number, unit] = /^(\d+(?:\.\d+)?)(B|kB|MB|GB|TB)$/.exec(text) ?? [];
  if (number === undefined) return undefined;
  return Math.round(Number(number) * 1_000 ** ["B", "kB", "MB", "GB", "TB"].indexOf(unit ?? "B"));
}

/** Text of a `-` (standard input) or `@FILE` argument, without the newline at its end; any other text as it is. */
export async function readArgument(text: string): Promise<string> {
  if (text !== "-" && !text.startsWith("@")) return text;
  try {
    if (text === "-") {
      const chunks: Buffer[] = [];
      for await (const chunk of process.stdin) chunks.push(Buffer.from(chunk as Uint8Array));
      return Buffer.concat(chunks)
        .toString("utf8")
        .replace(/\r?\n$/, "");
    }
    const { readFile } = await import("node:fs/promises");
    return (await readFile(text.slice(1), "utf8")).replace(/\r?\n$/, "");
  } catch (error) {
    throw new ThroughlineError("TL_FILE_UNREADABLE", `${text.slice(1)} cannot be read: ${String(error)}`, {
      cause: error,
    });
  }
}
