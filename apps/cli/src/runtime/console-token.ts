import { existsSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { readTokenFile } from "../config.ts";
import { TokenStore } from "./tokens.ts";

/** Beside `tokens.json`; who may read the one may read the other. */
export const consoleTokenName = "console.token";

/**
 * Where the token is with which the console asks an enhancer on the same data directory; made where it is missing or good no more. What
 * the console does with it is what whoever asks may do. Throws TL_DATA_DIRECTORY_UNUSABLE.
 */
export async function consoleTokenFile(directory: string): Promise<string> {
  const file = join(directory, consoleTokenName);
  const tokens = new TokenStore(directory);
  if (existsSync(file) && (await tokens.authenticate(readTokenFile(file))) !== undefined) return file;
  const { token } = await tokens.add({ name: "console", scopes: ["admin"], expiresAt: null });
  // Rights are those of the making: what was there goes first.
  rmSync(file, { force: true });
  writeFileSync(file, `${token}\n`, { mode: 0o600 });
  return file;
}
