import { accessSync, constants, readdirSync, readFileSync, statfsSync, statSync } from "node:fs";
import { join } from "node:path";
import { type Finding, fail, ok, skip, warn } from "../checks/finding.ts";
import { consoleTokenName } from "../runtime/console-token.ts";
import { diskFinding } from "../runtime/health.ts";
import { version } from "../version.ts";
import type { Subject } from "./subject.ts";

const leastNode = 24;

/** This program, what runs, and what they run on. */
export function checkVersions({ metrics }: Subject): Finding[] {
  const id = "versions";
  const node = process.versions.node;
  if (Number(node.split(".")[0]) < leastNode)
    return [
      fail(
        id,
        `Node ${node} runs this, ${leastNode} is needed`,
        "Start it as `npx throughline`: npm brings its Node.",
      ),
    ];
  const others = metrics.flatMap(({ role, text }) => {
    const runs = /^throughline_build_info\{[^}]*version="([^"]*)"/m.exec(text)?.[1];
    return runs === undefined || runs === version ? [] : [`${role} runs ${runs}`];
  });
  if (others.length > 0)
    return [
      warn(
        id,
        `this is ${version}, but ${others.join(", ")}`,
        "Bring all roles to one version, workers first.",
      ),
    ];
  return [ok(id, `throughline ${version}, Node ${node}, ${process.platform} ${process.arch}`)];
}

/** Room where the state is kept. */
export async function checkDisk({ directory }: Subject): Promise<Finding[]> {
  const id = "disk";
  if (statSync(directory, { throwIfNoEntry: false }) === undefined)
    return [skip(id, `${directory} is not there yet`)];
  const { status, detail } = await diskFinding(directory);
  const remedy =
    "Make room, or take less: --retention, --max-bytes, `throughline storage clean`, --log-bytes.";
  const said = `${detail} in ${directory}`;
  const findings = [
    status === "failed"
      ? fail(id, `${said}: commits fail below 32 MiB`, remedy)
      : status === "degraded"
        ? warn(id, said, remedy)
        : ok(id, said),
  ];
  const { files, ffree } = statfsSync(directory);
  if (files > 0 && ffree < 10_000)
    findings.push(
      warn("disk.inodes", `${ffree} files may still be made in ${directory}`, "Remove files there."),
    );
  return findings;
}

const fewFiles = 4_096;
const tooFewFiles = 1_024;

/** How many files and connections a process may have open: of roles that run as they are, else of this one, which was started like them. */
export function checkFileLimits({ running }: Subject): Finding[] {
  const id = "files.limit";
  const pids =
    running.length > 0
      ? running.map(({ pid, role }) => ({ pid, role }))
      : [{ pid: process.pid, role: "this process" }];
  const known = pids.flatMap(({ pid, role }) => {
    const limit = openFilesLimit(pid);
    return limit === undefined ? [] : [{ role, limit }];
  });
  const [least] = known.sort((a, b) => a.limit - b.limit);
  if (least === undefined) return [skip(id, "this system does not tell")];
  const said = `${least.role} may have ${least.limit} files and connections open`;
  const remedy = "Raise it: `ulimit -n 65536`, LimitNOFILE= of the systemd unit, ulimits: of compose.";
  if (least.limit < tooFewFiles) return [fail(id, `${said}: each desk, block and client is one`, remedy)];
  return [least.limit < fewFiles ? warn(id, said, remedy) : ok(id, said)];
}

function openFilesLimit(pid: number): number | undefined {
  try {
    const limits = readFileSync(`/proc/${pid}/limits`, "utf8");
    const soft = /^Max open files\s+(\S+)/m.exec(limits)?.[1];
    return soft === "unlimited" ? Number.MAX_SAFE_INTEGER : Number(soft);
  } catch {
    return undefined;
  }
}

const secretFiles = ["tenants.key", "links.key", "tokens.json", "users.json", consoleTokenName];

/** Who may read what only the roles should, and whether they may write. */
export function checkPermissions({ directory, settings, environment }: Subject): Finding[] {
  const found = statSync(directory, { throwIfNoEntry: false });
  const given = [
    settings.tlsKey,
    settings.consoleTlsKey,
    settings.storageTokenFile,
    environment["OTEL_EXPORTER_OTLP_CLIENT_KEY"],
  ].flatMap((file) => (file === undefined || file === "" ? [] : [file]));
  const keys = [...keyFilesIn(directory), ...given];
  const findings: Finding[] = [];
  if (found === undefined) findings.push(skip("permissions.data", `${directory} is not there yet`));
  else if (!found.isDirectory())
    findings.push(fail("permissions.data", `${directory} is no directory`, "Name another with --data."));
  else findings.push(directoryFinding(directory, found));
  for (const file of keys) {
    const stat = statSync(file, { throwIfNoEntry: false });
    if (stat === undefined)
      findings.push(fail("permissions.keys", `${file} is not there`, "Name the file that holds the key."));
    else if ((stat.mode & 0o077) !== 0)
      findings.push(
        fail("permissions.keys", `${file} can be read by others (${octal(stat.mode)})`, `chmod 600 ${file}`),
      );
  }
  const isClean = !findings.some(({ id }) => id === "permissions.keys");
  if (keys.length > 0 && isClean)
    findings.push(ok("permissions.keys", `${keys.length} files with secrets are their owner's alone`));
  return findings;
}

function directoryFinding(directory: string, { mode, uid }: { mode: number; uid: number }): Finding {
  const id = "permissions.data";
  const me = process.getuid?.() ?? uid;
  try {
    accessSync(directory, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch {
    return fail(
      id,
      `${directory} cannot be written by this user`,
      `chown it to the user that runs the roles.`,
    );
  }
  if (me !== 0 && uid !== me)
    return warn(id, `${directory} belongs to another user (${uid})`, "Run doctor and the roles as one user.");
  return (mode & 0o077) === 0
    ? ok(id, `${directory} is its owner's alone`)
    : warn(id, `${directory} is open to others (${octal(mode)})`, `chmod 700 ${directory}`);
}

function keyFilesIn(directory: string): string[] {
  const runFiles = namesIn(join(directory, "run")).map((name) => join("run", name));
  return [...secretFiles, ...runFiles]
    .map((name) => join(directory, name))
    .filter((file) => statSync(file, { throwIfNoEntry: false }) !== undefined);
}

/** Blocks and parts of the log that the trace store set aside because they are damaged. */
export function checkDamage({ directory }: Subject): Finding[] {
  const id = "traces.damaged";
  const traces = join(directory, "traces");
  const names = namesIn(traces);
  if (names.length === 0) return [skip(id, "no trace store is in this data directory")];
  const aside = names.filter((name) => name.endsWith(".damaged"));
  if (aside.length === 0) return [ok(id, "nothing was set aside")];
  return aside.map((name) =>
    fail(
      id,
      `${join(traces, name)} is damaged and was set aside: its spans are not found`,
      "Restore the block from a backup, or remove the file; look at the disk (dmesg, smartctl), then run `throughline storage check`.",
    ),
  );
}

function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}

function octal(mode: number): string {
  return (mode & 0o777).toString(8);
}
