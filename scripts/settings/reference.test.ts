import { globSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { settingTexts } from "../../apps/cli/src/commands/options.ts";
import { type SettingName, settingNames, variableOf } from "../../apps/cli/src/config.ts";
import { groups, notRows, tracingMeanings } from "./meanings.ts";
import { defaultOf, withGenerated } from "./reference.ts";
import { readVariables } from "./tracing-variables.ts";

const root = new URL("../../", import.meta.url).pathname;
const read = (file: string) => readFileSync(`${root}${file}`, "utf8");

test("docs/settings.md is what npm run docs:settings makes of the schemas", () => {
  const committed = read("docs/settings.md");
  expect(withGenerated(committed)).toBe(committed);
});

test("every setting stands in it once", () => {
  const placed = Object.values(groups).flat();
  expect(placed.toSorted()).toEqual([...settingNames].sort());
});

test("every variable that the tracing reads stands in it, and none that it does not read", () => {
  const general = readVariables()
    .map(({ name }) => name)
    // Each of these beats the one without TRACES: one sentence says so.
    .filter((name) => !name.startsWith("OTEL_EXPORTER_OTLP_TRACES_"));
  expect(general.toSorted()).toEqual([...Object.keys(tracingMeanings), ...Object.keys(notRows)].sort());
});

test("a default that a help text tells is the schema's", () => {
  const told = settingNames.flatMap((name) => {
    const [, value] = / \(default "?([^;()"]+)"?[;)]/.exec(settingTexts[name][1]) ?? [];
    return value === undefined || value === "no limit" ? [] : [[name, value.toLowerCase()]];
  });
  expect(told.length).toBeGreaterThan(30);
  const schema = told.map(([name = ""]) => [name, defaultOf(name as SettingName)?.toLowerCase()]);
  expect(told).toEqual(schema);
});

test(".env.example names every setting", () => {
  const named = new Set(
    [...read(".env.example").matchAll(/^#?([A-Z][A-Z0-9_]*)=/gm)].map(([, name]) => name),
  );
  expect(settingNames.map(variableOf).filter((name) => !named.has(name))).toEqual([]);
});

test.each([
  ".env.example",
  "deploy/compose/.env.example",
  "deploy/systemd/throughline.env.example",
  ...globSync("deploy/kubernetes/**/settings.env", { cwd: root }),
])("%s names no variable that does not exist", (file) => {
  const documented = [...read("docs/settings.md").matchAll(/`([A-Z][A-Z0-9_]+[A-Z0-9])`/g)];
  const ofComposition = read("deploy/compose/compose.yaml").matchAll(/\$\{(\w+):-/g);
  const known = new Set([
    ...settingNames.map(variableOf),
    ...[...documented, ...ofComposition].map(([, name]) => name),
    // docker-compose's own.
    "COMPOSE_PROJECT_NAME",
    "COMPOSE_PROFILES",
  ]);
  const named = [...read(file).matchAll(/^#?([A-Z][A-Z0-9_]*)=/gm)].map(([, name]) => name ?? "");
  expect(named.length).toBeGreaterThan(2);
  expect(named.filter((name) => !known.has(name) && !name.startsWith("OTEL_EXPORTER_OTLP_TRACES_"))).toEqual(
    [],
  );
});
