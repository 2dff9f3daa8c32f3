import { closeSync, openSync, readFileSync, rmSync, writeSync } from "node:fs";

/**
 * Takes a lock by creating a file that holds this process's id; returns what lets go of it. A lock whose process is gone is taken over.
 * Throws what `refuse` makes of the reason.
 */
export function lockFile(path: string, refuse: (reason: string) => Error): () => void {
  for (let tries = 0; tries < 3; tries++) {
    try {
      const file = openSync(path, "wx", 0o600);
      writeSync(file, String(process.pid));
      closeSync(file);
      return () => rmSync(path, { force: true });
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code !== "EEXIST") throw refuse(`cannot be locked: ${String(error)}`);
      const owner = ownerOf(path);
      // Our own id stands there after a restart in a container, where it is always the same.
      if (owner !== undefined && owner !== process.pid && isAlive(owner))
        throw refuse(`is held by process ${owner}: name another file`);
      rmSync(path, { force: true });
    }
  }
  throw refuse("cannot be locked: others take it each time");
}

function ownerOf(path: string): number | undefined {
  try {
    const pid = Number(readFileSync(path, "utf8"));
    return Number.isInteger(pid) && pid > 0 ? pid : undefined;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
