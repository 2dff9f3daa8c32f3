import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Builds the console when what it is made of has changed since the last build. */
const root = new URL("../", import.meta.url).pathname;
const stamp = join(root, "apps/console/dist/.stamp");
const inputs = [
  "apps/console/src",
  "apps/console/public",
  "apps/console/index.html",
  "apps/console/vite.config.ts",
  "packages/api/src",
  "package-lock.json",
];

function filesOf(path: string): string[] {
  const entries = readdirSync(path, { withFileTypes: true, recursive: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}

const hash = createHash("sha256");
for (const input of inputs) {
  const path = join(root, input);
  const files = /\.\w+$/.test(input) ? [path] : filesOf(path).sort();
  for (const file of files)
    hash.update(file.slice(root.length)).update("\0").update(readFileSync(file)).update("\0");
}
const wanted = hash.digest("hex");

if (!existsSync(stamp) || readFileSync(stamp, "utf8") !== wanted) {
  const build = spawnSync("npm", ["run", "--silent", "build"], { cwd: root, encoding: "utf8" });
  if (build.status !== 0) {
    process.stderr.write(`${build.stdout}${build.stderr}\nThe console could not be built.\n`);
    process.exit(1);
  }
  writeFileSync(stamp, wanted);
}
