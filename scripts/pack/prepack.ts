/**
 * Before `npm pack` of a package, run in its directory: JavaScript and declarations into dist/ (Node strips no types below node_modules),
 * what stands beside the source and is read at run time with them, and a package.json that points there. `postpack` puts the source's
 * package.json back; a pack that failed is put right by the next.
 */
import { execFileSync } from "node:child_process";
import {
  copyFileSync,
  cpSync,
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname, extname, join, relative } from "node:path";
import { type Manifest, manifestOf, root, sourceManifest } from "./packages.ts";

const directory = process.cwd();
const own = relative(root, directory);
const manifestPath = join(directory, "package.json");
const dist = join(directory, "dist");

if (existsSync(sourceManifest)) renameSync(sourceManifest, manifestPath);
const source = manifestOf(directory);
const isCommand = source["bin"] !== undefined;
/** The tracing library runs on older Nodes, and alone: the rules of redaction are inside. */
const isAlone = source.name === "@throughline/tracing";
const inside = "packages/redaction";
const redaction = manifestOf(join(root, inside));

rmSync(dist, { recursive: true, force: true });
compile(isAlone ? "es2023" : "es2024");
copyBesides();
if (isAlone) inlineRedaction();
for (const path of filesOf(dist, ".js")) threadsAreCompiled(path);
if (isCommand) takeConsoleIn();
copyFileSync(join(root, "LICENSE"), join(directory, "LICENSE"));
copyFileSync(manifestPath, sourceManifest);
writeFileSync(manifestPath, `${JSON.stringify(publishedManifest(), null, 2)}\n`);

/** What the package exports, its threads, and all that they import of it. */
function compile(target: string): void {
  const stage = mkdtempSync(join(directory, ".pack-"));
  try {
    const entries = [
      ...Object.values(source.exports ?? { ".": "./src/main.ts" }),
      ...globSync("src/**/*-thread.ts", { cwd: directory }),
    ].map((path) => join(directory, path));
    // All of them: what is reached through node_modules only is not compiled.
    if (isAlone)
      entries.push(...filesOf(join(root, inside, "src"), ".ts").filter((path) => !path.endsWith(".test.ts")));
    const options = {
      extends: join(root, "tsconfig.json"),
      compilerOptions: {
        noEmit: false,
        rootDir: root,
        outDir: join(stage, "out"),
        declaration: true,
        target,
        rewriteRelativeImportExtensions: true,
        allowImportingTsExtensions: false,
      },
      include: [],
      files: entries,
    };
    writeFileSync(join(stage, "tsconfig.json"), JSON.stringify(options));
    execFileSync(join(root, "node_modules/.bin/tsc"), ["-p", stage], { stdio: "inherit" });
    renameSync(join(stage, "out", own, "src"), dist);
    if (isAlone) renameSync(join(stage, "out", inside, "src"), join(dist, "redaction"));
  } finally {
    rmSync(stage, { recursive: true, force: true });
  }
}

/** Protocol definitions, sample data: all that is no source. */
function copyBesides(): void {
  for (const path of filesOf(join(directory, "src"))) {
    if (/\.tsx?$/.test(path)) continue;
    const to = join(dist, relative(join(directory, "src"), path));
    mkdirSync(dirname(to), { recursive: true });
    copyFileSync(path, to);
  }
}

/** A package's name becomes the path to its code. */
function inlineRedaction(): void {
  const { name, exports = {} } = redaction;
  for (const path of [...filesOf(dist, ".js"), ...filesOf(dist, ".d.ts")]) {
    let text = readFileSync(path, "utf8");
    for (const [entry, file] of Object.entries(exports)) {
      const to = relative(
        dirname(path),
        join(dist, "redaction", file.replace(/^\.\/src\//, "").replace(/\.ts$/, ".js")),
      );
      text = text.replaceAll(`"${join(name, entry)}"`, `"${to.startsWith(".") ? to : `./${to}`}"`);
    }
    writeFileSync(path, text);
  }
}

/** `new URL("./x-thread.ts", import.meta.url)` is no import: the compiler leaves it as it is. */
function threadsAreCompiled(path: string): void {
  const text = readFileSync(path, "utf8");
  const changed = text.replaceAll(/new URL\("([^"]+)\.ts", import\.meta\.url\)/g, (_whole, file: string) => {
    if (!existsSync(join(dirname(path), `${file}.js`)))
      throw new Error(`${file}.ts of ${path} was not compiled`);
    return `new URL("${file}.js", import.meta.url)`;
  });
  if (changed !== text) writeFileSync(path, changed);
}

/** The built console lies in the command's own package. */
function takeConsoleIn(): void {
  execFileSync(process.execPath, [join(root, "scripts/build-if-stale.ts")], { stdio: "inherit" });
  cpSync(join(root, "apps/console/dist"), join(dist, "console"), { recursive: true });
  const main = join(dist, "main.js");
  const text = readFileSync(main, "utf8");
  const inWorkspace = 'new URL("../../console/dist", import.meta.url)';
  if (!text.includes(inWorkspace)) throw new Error(`main.ts does not look for the console at ${inWorkspace}`);
  writeFileSync(main, text.replaceAll(inWorkspace, 'new URL("console", import.meta.url)'));
}

function publishedManifest(): Manifest {
  const { private: _, scripts: __, devDependencies: ___, ...manifest } = source;
  const dependencies = { ...source.dependencies };
  if (isAlone) {
    delete dependencies[redaction.name];
    Object.assign(dependencies, redaction.dependencies);
  }
  // The Node that the command runs on, for machines whose own is older.
  const workspace = manifestOf(root).dependencies ?? {};
  if (isCommand) dependencies["node"] = workspace["node"] ?? "";
  const exports = Object.entries(source.exports ?? {}).map(([name, path]) => {
    const built = path.replace("./src/", "./dist/").replace(/\.ts$/, "");
    return [name, { types: `${built}.d.ts`, default: `${built}.js` }];
  });
  return {
    ...manifest,
    ...(exports.length === 0 ? {} : { exports: Object.fromEntries(exports) as Record<string, string> }),
    files: ["dist", ...(isCommand ? ["bin"] : []), "README.md", "LICENSE"],
    dependencies,
    // A checkout brings its own Node; who installs a library has to have one. The command brings it.
    engines: source["engines"] ?? { node: isCommand ? ">=18" : ">=24.11" },
  };
}

function filesOf(path: string, extension?: string): string[] {
  return readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((file) => extension === undefined || file.endsWith(extension) || extname(file) === extension);
}
