/**
 * `npm run pack -- DIRECTORY`: a tarball of every published package. Packed in a copy: whoever runs from this checkout meanwhile does not see
 * its package.json change.
 */
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { published, root } from "./packages.ts";

const [to] = process.argv.slice(2);
if (to === undefined) {
  process.stderr.write("say where the tarballs go: npm run pack -- DIRECTORY\n");
  process.exit(2);
}
const target = resolve(to);
mkdirSync(target, { recursive: true });
const copy = mkdtempSync(join(tmpdir(), "throughline-pack-"));
try {
  copySources();
  linkModules("node_modules");
  for (const directory of [...published, "apps/console"]) linkModules(`${directory}/node_modules`);
  for (const directory of published) {
    const args = ["pack", "--silent", "--pack-destination", target];
    execFileSync("npm", args, { cwd: join(copy, directory), stdio: ["ignore", "inherit", "inherit"] });
  }
} finally {
  rmSync(copy, { recursive: true, force: true });
}

/** As they are on disk, changed or not; and the console as it was built last. */
function copySources(): void {
  const paths = [
    "packages",
    "apps",
    "scripts",
    "package.json",
    "package-lock.json",
    "tsconfig.json",
    "LICENSE",
  ];
  const args = ["ls-files", "--cached", "--others", "--exclude-standard", "-z", ...paths];
  const files = execFileSync("git", args, { cwd: root, encoding: "utf8", maxBuffer: 2 ** 26 }).split("\0");
  for (const file of files.filter((path) => path !== "")) {
    mkdirSync(dirname(join(copy, file)), { recursive: true });
    cpSync(join(root, file), join(copy, file));
  }
  cpSync(join(root, "apps/console/dist"), join(copy, "apps/console/dist"), { recursive: true, force: true });
}

/** Every installed package by a link, and our own as those of the copy. */
function linkModules(path: string): void {
  const names = entriesOf(join(root, path));
  for (const name of names) {
    mkdirSync(dirname(join(copy, path, name)), { recursive: true });
    if (name === "@throughline")
      cpSync(join(root, path, name), join(copy, path, name), { recursive: true, verbatimSymlinks: true });
    else symlinkSync(join(root, path, name), join(copy, path, name));
  }
}

function entriesOf(path: string): string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}
