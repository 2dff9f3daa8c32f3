import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { commandTree } from "../apps/cli/src/commands/program.ts";

const root = new URL("../", import.meta.url).pathname;
const documents = execFileSync("git", ["ls-files", "*.md"], { cwd: root, encoding: "utf8" })
  .trim()
  .split("\n");

const program = commandTree({
  environment: {},
  startInstance: () => Promise.reject(new Error("nothing is started here")),
});

/** Words as a shell splits them; a comment, a pipe or a redirection ends the command. */
function words(line: string): string[] {
  const found: string[] = [];
  for (const [word] of line.matchAll(/(?:"[^"]*"|'[^']*'|\$\([^)]*\)|[^\s"'])+/g)) {
    if (/^(?:#|\||&&|;|>|<|2>)/.test(word)) break;
    found.push(word.replaceAll(/["']/g, ""));
    if (word.endsWith(";")) break;
  }
  return found;
}

/** What follows `throughline` in the commands that a document shows, in blocks and in the running text. */
function shownCommands(file: string): string[] {
  const text = readFileSync(`${root}${file}`, "utf8").replaceAll(/\\\n\s*/g, " ");
  const blocks = [...text.matchAll(/^ *```(?:bash|sh)(?: run[^\n]*)?\n([^]*?)^ *```$/gm)].flatMap(
    ([, body = ""]) =>
      [...body.matchAll(/(?<![\w/.@-])(?:npx |-- |bin\/)throughline ([^\n]+)/g)].map(([, rest = ""]) => rest),
  );
  const inline = [...text.matchAll(/`(?:npx )?throughline ([^`\n]+)`/g)].map(([, rest = ""]) => rest);
  return [...blocks, ...inline];
}

/** What is wrong with a command; undefined where it could be run. */
function wrongWith(shown: string): string | undefined {
  const given = words(shown);
  let command = program;
  while (given.length > 0) {
    // `token add|list|revoke`: the first one stands for all.
    const next = command.commands.find((one) => one.name() === given[0]?.split("|")[0]);
    if (next === undefined) break;
    command = next;
    given.shift();
  }
  // `throughline --version` is one, too.
  if (command === program && given[0]?.startsWith("--") !== true)
    return /^(?:COMMAND|\.\.\.)/.test(given[0] ?? "") ? undefined : `there is no command ${given[0] ?? ""}`;
  const flags = given.filter((word) => /^--?[a-z]/.test(word)).map((word) => word.split("=")[0] ?? "");
  const known = new Set([...command.options.flatMap(({ long, short }) => [long, short]), "--help"]);
  const unknown = flags.filter((flag) => !known.has(flag));
  if (unknown.length > 0) return `${command.name()} has no ${unknown.join(", ")}`;
  const [word] = given;
  if (command.commands.length > 0 && word !== undefined && /^[a-z]/.test(word))
    return `${command.name()} has no command ${word}`;
  return undefined;
}

test("every command that the documents show exists, with each of its flags", () => {
  const shown = documents.flatMap((file) => shownCommands(file).map((command) => ({ file, command })));
  expect(shown.length).toBeGreaterThan(150);
  const wrong = shown.flatMap(({ file, command }) => {
    const reason = wrongWith(command);
    return reason === undefined ? [] : [`${file}: throughline ${command}: ${reason}`];
  });
  expect(wrong).toEqual([]);
});

test.each([
  ["tenant sett acme", "tenant has no command sett"],
  ["storage clean --older 30d", "clean has no --older"],
  ["fly", "there is no command fly"],
  ["storage clean --older-than 30d | head", undefined],
])("%s is found out: %s", (command, reason) => {
  expect(wrongWith(command)).toBe(reason);
});

test("each step of a runbook has a command or a link", () => {
  const runbooks = documents.filter((file) => /^docs\/runbooks\/.+(?<!README)\.md$/.test(file));
  expect(runbooks.length).toBeGreaterThan(2);
  const bare = runbooks.flatMap((file) =>
    readFileSync(`${root}${file}`, "utf8")
      .split(/^(?=\d+\. )/m)
      .slice(1)
      .map((step) => step.split(/^(?=## |\S)(?!\d+\. )/m)[0] ?? "")
      .filter((step) => !/```sh|\]\(/.test(step))
      .map((step) => `${file}: ${step.trim()}`),
  );
  expect(bare).toEqual([]);
});
