import {
  type DatabaseFacts,
  inspectPostgres,
  inspectRedis,
  type RedisFacts,
} from "@throughline/enhancer/inspect";
import { type Finding, fail, ok, warn } from "../checks/finding.ts";
import { clockFinding } from "./check-clock.ts";
import type { Subject } from "./subject.ts";

const timeoutMs = 5_000;
const leastRedis = [6, 2] as const;
const leastValkey = [7, 2] as const;
const leastPostgres = 140_000;
/** Of each role: its pool, and that of its search threads. */
const connectionsOfRole = 20;

/** Redis as the queue needs it. */
export async function checkRedis({ settings }: Subject): Promise<Finding[]> {
  const { redis } = settings;
  if (redis === undefined) return [];
  let facts: RedisFacts;
  try {
    facts = await inspectRedis(redis, timeoutMs);
  } catch (error) {
    return [
      fail(
        "redis",
        messageOf(error),
        "Check that Redis runs and that --redis names host, port, user and password rightly.",
      ),
    ];
  }
  const { version, server, usedBytes, maxBytes, role, clockAheadMs, settings: wrong } = facts;
  const findings = [
    ok("redis", `${facts.address} answers`),
    clockFinding("redis", clockAheadMs),
    versionFinding(facts),
  ];
  for (const { name, severity, text } of wrong) {
    const [cause, remedy = "See docs/queue.md."] = split(text);
    const id = `redis.${name}`;
    findings.push(severity === "loss" ? fail(id, cause, remedy) : warn(id, cause, remedy));
  }
  if (wrong.length === 0)
    findings.push(ok("redis.persistence", "noeviction, appendonly yes, appendfsync always"));
  if (role === "slave")
    findings.push(
      fail(
        "redis.role",
        "it is a replica: nothing can be queued there",
        "Name the master, or redis+sentinel://.",
      ),
    );
  const share = maxBytes === 0 ? 0 : usedBytes / maxBytes;
  if (share > 0.8)
    findings.push(
      warn(
        "redis.memory",
        `${Math.round(share * 100)} % of ${server} ${version}'s maxmemory is used: with noeviction it refuses jobs when it is full`,
        "Raise maxmemory, or keep less: --keep-jobs, --keep-jobs-count, `throughline jobs discard`.",
      ),
    );
  return findings;
}

function versionFinding({ version, server }: RedisFacts): Finding {
  const id = "redis.version";
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const [leastMajor, leastMinor] = server === "valkey" ? leastValkey : leastRedis;
  const isOld = major < leastMajor || (major === leastMajor && minor < leastMinor);
  return isOld
    ? fail(id, `${server} ${version} is older than ${leastMajor}.${leastMinor}`, "Update it.")
    : ok(id, `${server} ${version}`);
}

/** "cause; what to do", as the log says it at the start. */
function split(text: string): [string, string | undefined] {
  const at = text.lastIndexOf("; ");
  return at === -1 ? [text, undefined] : [text.slice(0, at), text.slice(at + 2)];
}

/** PostgreSQL as business data needs it. */
export async function checkPostgres({ settings, running }: Subject): Promise<Finding[]> {
  if (settings.postgres === undefined) return [];
  let facts: DatabaseFacts;
  try {
    facts = await inspectPostgres(settings.postgres, timeoutMs);
  } catch (error) {
    return [
      fail(
        "postgres",
        messageOf(error),
        "Check that PostgreSQL runs, that --postgres names it, and user, password and certificates.",
      ),
    ];
  }
  const { version, versionNumber, settings: set, connections, isStandby, clockAheadMs } = facts;
  const findings = [
    ok("postgres", `version ${version} answers`),
    clockFinding("postgres", clockAheadMs),
    versionNumber < leastPostgres
      ? fail("postgres.version", `${version} is older than 14`, "Update it.")
      : ok("postgres.version", version),
    ...durability(set),
  ];
  if (isStandby || set["default_transaction_read_only"] === "on")
    findings.push(
      fail(
        "postgres.role",
        "it is read-only (a standby?)",
        "Name the primary: ?target_session_attrs=read-write, or its own host.",
      ),
    );
  const room =
    Number(set["max_connections"] ?? 100) - Number(set["superuser_reserved_connections"] ?? 3) - connections;
  const roles = Math.max(1, running.length);
  const said = `${room} of ${set["max_connections"] ?? "?"} connections are free, a role takes up to ${connectionsOfRole}`;
  findings.push(
    room < connectionsOfRole
      ? warn(
          "postgres.max_connections",
          said,
          `Raise max_connections (${roles} roles run here), or put a pooler in session mode before it.`,
        )
      : ok("postgres.max_connections", said),
  );
  return findings;
}

function durability(set: Readonly<Record<string, string>>): Finding[] {
  const risks = [
    ["fsync", "off", "a crash of the machine may destroy the database", "fsync = on"],
    ["full_page_writes", "off", "a crash of the machine may tear pages", "full_page_writes = on"],
    ["synchronous_commit", "off", "a crash loses what was told to be stored", "synchronous_commit = on"],
  ] as const;
  const wrong = risks.filter(([name, bad]) => set[name] === bad);
  if (wrong.length === 0)
    return [ok("postgres.durability", "fsync, full_page_writes and synchronous_commit are on")];
  return wrong.map(([name, bad, risk, remedy]) => {
    const said = `${name} is ${bad}: ${risk}`;
    const what = `Set ${remedy} in postgresql.conf and reload.`;
    return name === "fsync" ? fail(`postgres.${name}`, said, what) : warn(`postgres.${name}`, said, what);
  });
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
