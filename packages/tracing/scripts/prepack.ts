/**
 * Before `npm pack`: JavaScript and declarations into dist/ (Node strips no types below node_modules), with the redaction rules inside,
 * and a package.json that points at them. `postpack` puts the source's package.json back; a pack that failed is put right by the next.
 */
import { execFileSync } from "node:child_process";
import { copyFileSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";

const root = new URL("..", import.meta.url).pathname;
const manifestPath = join(root, "package.json");
const sourcePath = join(root, ".package.source.json");

interface Manifest {
  exports: Record<string, string>;
  dependencies: Record<string, string>;
  [field: string]: unknown;
}

if (existsSync(sourcePath)) copyFileSync(sourcePath, manifestPath);
rmSync(join(root, "dist"), { recursive: true, force: true });
execFileSync(join(root, "../../node_modules/.bin/tsc"), ["-p", join(root, "tsconfig.pack.json")], {
  stdio: "inherit",
});
inlineRedaction();
copyFileSync(join(root, "../../LICENSE"), join(root, "LICENSE"));
copyFileSync(manifestPath, sourcePath);
writeFileSync(manifestPath, `${JSON.stringify(published(), null, 2)}\n`);

/** The unpublished package's name becomes the path to its code. */
function inlineRedaction(): void {
  const dist = join(root, "dist");
  const targets = { "@throughline/redaction": "index.js", "@throughline/redaction/rules": "custom-rules.js" };
  for (const name of readdirSync(dist, { recursive: true, encoding: "utf8" })) {
    if (!/\.(?:js|d\.ts)$/.test(name)) continue;
    const path = join(dist, name);
    let text = readFileSync(path, "utf8");
    for (const [specifier, file] of Object.entries(targets)) {
      const to = relative(dirname(path), join(dist, "redaction/src", file));
      text = text.replaceAll(`"${specifier}"`, `"${to.startsWith(".") ? to : `./${to}`}"`);
    }
    writeFileSync(path, text);
  }
}

function published(): object {
  const {
    private: _,
    scripts: __,
    devDependencies: ___,
    ...manifest
  } = JSON.parse(readFileSync(manifestPath, "utf8")) as Manifest;
  const redaction = JSON.parse(readFileSync(join(root, "../redaction/package.json"), "utf8")) as Manifest;
  const { "@throughline/redaction": ____, ...dependencies } = manifest.dependencies;
  const exports = Object.entries(manifest.exports).map(([name, source]) => {
    const built = source.replace("./src/", "./dist/tracing/src/").replace(/\.ts$/, "");
    return [name, { types: `${built}.d.ts`, default: `${built}.js` }];
  });
  return {
    ...manifest,
    exports: Object.fromEntries(exports) as object,
    dependencies: { ...dependencies, ...redaction.dependencies },
  };
}
