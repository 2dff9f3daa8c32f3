import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";

const root = new URL("../", import.meta.url).pathname;
const tracked = execFileSync("git", ["ls-files"], { cwd: root, encoding: "utf8" }).trim().split("\n");
const sources = tracked.filter(
  (file) => /^(?:packages|apps)\/.*\.tsx?$/.test(file) && !/\.test\.ts$|\/test\//.test(file),
);

function filesWith(pattern: RegExp, files: readonly string[]): string[] {
  return files.filter((file) => pattern.test(readFileSync(root + file, "utf8")));
}

test("the environment is read in one file, and by the tracing library where it is used on its own", () => {
  expect(filesWith(/process\.env\b/, sources)).toEqual([
    "apps/cli/src/config.ts",
    "packages/tracing/src/provider.ts",
  ]);
});

test("nothing is left to be done later, and no check is switched off without a reason", () => {
  expect(filesWith(/\b(?:TODO|FIXME|XXX)\b|@ts-ignore|@ts-expect-error/, sources)).toEqual([]);
  expect(filesWith(/oxlint-disable(?!.*-- \w)/, sources)).toEqual([]);
});

test("no file is longer than a reader's patience", () => {
  const long = sources.filter((file) => readFileSync(root + file, "utf8").split("\n").length > 320);
  expect(long).toEqual([]);
});

test("nothing that is made or kept at run time is committed", () => {
  expect(
    tracked.filter((file) =>
      /(?:^|\/)(?:dist|node_modules|\.throughline)\/|\.(?:log|db|wal|cpuprofile)$/.test(file),
    ),
  ).toEqual([]);
});

test("a class has its look in one style sheet of the console: those of pages that were open before stay", () => {
  const sheets = tracked.filter((file) => /^apps\/console\/src\/.*\.css$/.test(file));
  const places = sheets.flatMap((file) => {
    const text = readFileSync(root + file, "utf8").replace(/\/\*.*?\*\//gs, "");
    return [...text.matchAll(/(?:^|[,}])\s*(\.[\w-]+)\s*(?=[,{])/g)].map(([, name = ""]) => ({ name, file }));
  });
  expect(places.length).toBeGreaterThan(200);
  const inSeveral = [...Map.groupBy(places, ({ name }) => name)]
    .map(([name, found]) => [name, [...new Set(found.map(({ file }) => file))]] as const)
    .filter(([, files]) => files.length > 1);
  expect(inSeveral).toEqual([]);
});
