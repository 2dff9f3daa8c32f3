import { z } from "zod";
import { settingTexts } from "../../apps/cli/src/commands/options.ts";
import {
  fallbackVariables,
  flagOf,
  modelSchema,
  modelVariables,
  type SettingName,
  settingsSchema,
  variableOf,
} from "../../apps/cli/src/config.ts";
import { groups, modelMeanings, more, tracingMeanings } from "./meanings.ts";
import { readVariables } from "./tracing-variables.ts";

const inputs = z.toJSONSchema(settingsSchema, { io: "input", unrepresentable: "any" }).properties ?? {};

/** What stands where nobody says anything, as it would be typed; undefined: nothing. */
export function defaultOf(name: SettingName): string | undefined {
  const input = inputs[name];
  const typed = typeof input === "object" ? input.default : undefined;
  if (typeof typed === "string") return typed;
  const { data } = settingsSchema.shape[name].safeParse(undefined);
  if (typeof data === "number") return sizeOf(data);
  return typeof data === "string" ? data : undefined;
}

/** A default that stands in the schema as a number is one of bytes; every other one is text as it would be typed. */
function sizeOf(bytes: number): string {
  return bytes % 1_048_576 === 0 ? `${bytes / 1_048_576} MiB` : `${bytes / 1_000_000_000}GB`;
}

/** The tables by the name of the place where they stand. */
const tables: Record<string, () => string> = {
  ...Object.fromEntries(Object.entries(groups).map(([name, members]) => [name, () => settings(members)])),
  model,
  tracing,
};

function settings(names: readonly SettingName[]): string {
  return table(
    ["flag", "variable", "default", "meaning"],
    names.map((name) => {
      const [placeholder, description] = settingTexts[name];
      const meaning = description.replace(/ \((?:default|docs\/)[^()]*\)$/, "");
      return [
        `\`${flagOf(name)} ${placeholder}\``,
        `\`${variableOf(name)}\``,
        code(defaultOf(name)),
        `${meaning}${beyond(more[name])}`,
      ];
    }),
  );
}

function beyond(extra: string | undefined): string {
  if (extra === undefined) return "";
  return extra.startsWith("[") ? ` (${extra})` : `; ${extra}`;
}

function model(): string {
  const defaults = z.toJSONSchema(modelSchema, { io: "input" }).properties ?? {};
  const rows = Object.entries(modelVariables).map(([key, variable]) => {
    const input = defaults[key];
    const value = typeof input === "object" ? input.default : undefined;
    return [`\`${variable}\``, code(typeof value === "string" ? value : undefined), modelMeanings[variable]];
  });
  const fallbacks = Object.values(fallbackVariables).map((variable) => [
    `\`${variable}\``,
    "-",
    modelMeanings[variable],
  ]);
  return table(["variable", "default", "meaning"], [...rows, ...fallbacks]);
}

function tracing(): string {
  const rows = readVariables()
    .filter(({ name }) => name in tracingMeanings)
    .map(({ name, fallback, allowed }) => {
      const choice = allowed.length === 0 ? "" : `: ${allowed.map((one) => `\`${one}\``).join(", ")}`;
      return [`\`${name}\``, fallback ?? "-", `${tracingMeanings[name] ?? ""}${choice}`];
    });
  return table(["variable", "default", "meaning"], rows);
}

function code(value: string | undefined): string {
  return value === undefined ? "-" : `\`${value}\``;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  return [line(head), `|${"---|".repeat(head.length)}`, ...rows.map(line)].join("\n");
}

const place = /<!-- generated: (\w+) -->\n[^]*?<!-- end -->/g;

/** A document with its tables made anew. Throws where a table has no place or a place no table. */
export function withGenerated(text: string): string {
  const places = [...text.matchAll(place)].map(([, name]) => name ?? "");
  const wanted = Object.keys(tables);
  if ([...places].sort().join() !== [...wanted].sort().join())
    throw new Error(`docs/settings.md has places for ${places.join(", ")}; expected ${wanted.join(", ")}.`);
  return text.replace(
    place,
    (_, name: string) => `<!-- generated: ${name} -->\n${tables[name]?.() ?? ""}\n<!-- end -->`,
  );
}
