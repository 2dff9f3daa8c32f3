import { execFileSync, spawnSync } from "node:child_process";
import { globSync } from "node:fs";

/** Programs that tests need, and the Debian packages that bring them. */
const packages = {
  amtool: "prometheus-alertmanager",
  chromium: "chromium",
  curl: "curl",
  "docker-compose": "docker-compose",
  kubectl: "kubernetes-client",
  openssl: "openssl",
  postgres: "postgresql",
  prometheus: "prometheus",
  "prometheus-alertmanager": "prometheus-alertmanager",
  promtool: "prometheus",
  python3: "python3",
  "redis-server": "redis-server",
  "systemd-analyze": "systemd",
} as const;

/**
 * The path of a program: found on PATH, else installed with apt-get where that may be done, else an error that names the
 * package. A test that needs it never goes by unseen.
 */
export function program(name: keyof typeof packages): string {
  const found = lookUp(name);
  if (found !== undefined) return found;
  const wanted = packages[name];
  const isRoot = process.getuid?.() === 0;
  if (isRoot && lookUp("apt-get") !== undefined) {
    const options = { stdio: "ignore", env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" } } as const;
    execFileSync("apt-get", ["update"], options);
    execFileSync("apt-get", ["install", "-y", "--no-install-recommends", wanted], options);
    const installed = lookUp(name);
    if (installed !== undefined) return installed;
  }
  throw new Error(
    `${name} is not on PATH: install Debian's package "${wanted}" (apt-get install ${wanted}).`,
  );
}

function lookUp(name: string): string | undefined {
  const { status, stdout } = spawnSync("sh", ["-c", `command -v ${name}`], { encoding: "utf8" });
  if (status === 0) return stdout.trim();
  // Debian keeps the versions of PostgreSQL's server apart, none of them on PATH.
  return name === "postgres" ? globSync("/usr/lib/postgresql/*/bin/postgres").sort().at(-1) : undefined;
}
