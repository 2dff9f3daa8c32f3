import { execFileSync, spawnSync } from "node:child_process";

/** Programs that tests need, and the Debian packages that bring them. */
const packages = { chromium: "chromium" } as const;

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
  return status === 0 ? stdout.trim() : undefined;
}
