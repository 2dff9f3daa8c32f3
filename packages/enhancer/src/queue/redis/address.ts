import { ThroughlineError } from "@throughline/api";

interface Node {
  host: string;
  port: number;
}

/** Where the queue's Redis (or Valkey) is. */
export interface RedisAddress {
  kind: "single" | "sentinel" | "cluster";
  nodes: readonly [Node, ...Node[]];
  /** Of Sentinel: the name of the watched master. */
  master: string | undefined;
  db: number;
  tls: boolean;
  username: string | undefined;
  password: string | undefined;
  sentinelPassword: string | undefined;
  /** Without user and password. */
  shown: string;
}

const forms =
  "redis://HOST:PORT/DB, redis+sentinel://HOST1,HOST2/MASTER or redis+cluster://HOST1,HOST2 (rediss for TLS), user:password@ before the hosts";
const pattern = /^(rediss?)(?:\+(sentinel|cluster))?:\/\/(?:([^@/]*)@)?([^/?]+)(?:\/([^?]*))?(?:\?(.*))?$/s;

/**
 * Parses `redis://`, `rediss://` and their `+sentinel` and `+cluster` forms, which name several hosts: `redis+sentinel://h1:26379,h2/master/DB`,
 * `redis+cluster://h1,h2:7001`. User, password, `?sentinelPassword=` and the master's name are percent-encoded.
 * Throws TL_SETTING_INVALID; no secret is in its message.
 */
export function parseRedisAddress(text: string): RedisAddress {
  const match = pattern.exec(text.trim());
  if (match === null) throw wrong("cannot be read");
  const [, scheme = "", kindText, credentials, hosts = "", path = "", query = ""] = match;
  const kind = kindText === "sentinel" || kindText === "cluster" ? kindText : "single";
  const nodes = hosts.split(",").map((host) => parseNode(host, kind === "sentinel" ? 26_379 : 6_379));
  const [first, ...rest] = nodes;
  if (first === undefined) throw wrong("names no host");
  if (kind === "single" && rest.length > 0)
    throw wrong("names several hosts; say redis+sentinel:// or redis+cluster://");
  const segments = path === "" ? [] : path.split("/").map(decode);
  const master = kind === "sentinel" ? segments.shift() : undefined;
  if (kind === "sentinel" && (master ?? "") === "") throw wrong("names no master after the hosts");
  const db = segments[0] ?? "";
  if (segments.length > 1 || !/^\d{0,5}$/.test(db)) throw wrong("has a database that is no number");
  if (kind === "cluster" && db !== "" && db !== "0") throw wrong("names a database; a cluster has only 0");
  const colon = credentials?.indexOf(":") ?? -1;
  const [username, password] =
    credentials === undefined
      ? ["", ""]
      : colon < 0
        ? ["", decode(credentials)]
        : [decode(credentials.slice(0, colon)), decode(credentials.slice(colon + 1))];
  const parameters = new URLSearchParams(query);
  for (const name of parameters.keys())
    if (name !== "sentinelPassword" || kind !== "sentinel") throw wrong("has an unknown parameter after ?");
  const suffix = [master, db].filter((part) => part !== undefined && part !== "").join("/");
  return {
    kind,
    nodes: [first, ...rest],
    master,
    db: Number(db),
    tls: scheme === "rediss",
    username: username || undefined,
    password: password || undefined,
    sentinelPassword: parameters.get("sentinelPassword") ?? undefined,
    shown: `${scheme}${kind === "single" ? "" : `+${kind}`}://${nodes.map(({ host, port }) => `${host}:${port}`).join(",")}${suffix === "" ? "" : `/${suffix}`}`,
  };
}

function parseNode(text: string, defaultPort: number): Node {
  const match = /^(\[[0-9a-f:.]+\]|[^:[\]\s]+)(?::(\d{1,5}))?$/i.exec(text);
  const host = match?.[1]?.replace(/^\[|\]$/g, "");
  const port = Number(match?.[2] ?? defaultPort);
  if (host === undefined || port < 1 || port > 65_535) throw wrong("has a host that cannot be read");
  return { host, port };
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw wrong("has a part that is not percent-encoded as it should be");
  }
}

function wrong(what: string): ThroughlineError {
  return new ThroughlineError("TL_SETTING_INVALID", `--redis ${what}: expected ${forms}.`);
}
