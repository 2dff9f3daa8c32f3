import { ThroughlineError } from "@throughline/api";
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline/promises";
import { Writable } from "node:stream";

/**
 * A password of `file`, of standard input (`-`, or where that is no terminal), or of the terminal, which asks twice and shows nothing.
 * Throws TL_FILE_UNREADABLE, TL_USER_INVALID.
 */
export async function readPassword(name: string, file: string | undefined): Promise<string> {
  if (file !== undefined && file !== "-") return firstLine(read(file));
  if (file === "-" || !process.stdin.isTTY) return firstLine(read(0));
  const password = await asked(`Password for ${name}: `);
  if (password !== (await asked("Once more: ")))
    throw new ThroughlineError("TL_USER_INVALID", "The two passwords differ.");
  return password;
}

function read(file: string | 0): string {
  try {
    return readFileSync(file, "utf8");
  } catch (cause) {
    const what = file === 0 ? "standard input" : file;
    throw new ThroughlineError("TL_FILE_UNREADABLE", `The password cannot be read from ${what}.`, { cause });
  }
}

function firstLine(text: string): string {
  return text.split(/\r?\n/, 1)[0] ?? "";
}

async function asked(question: string): Promise<string> {
  process.stderr.write(question);
  // What is typed is echoed nowhere.
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  const terminal = createInterface({ input: process.stdin, output: silent, terminal: true });
  try {
    return await terminal.question("");
  } finally {
    terminal.close();
    process.stderr.write("\n");
  }
}
