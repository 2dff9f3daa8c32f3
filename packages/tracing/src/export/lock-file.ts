import { closeSync, linkSync, openSync, readFileSync, renameSync, rmSync, writeSync } from "node:fs";

type Refuse = (reason: string, cause?: unknown) => Error;

/**
 * Takes a lock by creating a file that names this process; to remove the file is to let go of it. A lock whose process is gone is taken
 * over. Throws what `refuse` makes of the reason.
 */
export function takeLock(path: string, refuse: Refuse): void {
  const own = processName(process.pid);
  for (let tries = 0; tries < 5; tries++) {
    // Read again: another process may have taken it for one that was left behind, while it was still empty.
    if (create(path, own, refuse) && read(path) === own) return;
    const owner = ownerOf(path, refuse);
    if (owner === undefined) continue;
    const pid = Number.parseInt(owner, 10);
    if (pid === process.pid && owner === own)
      throw refuse("is open in this process already: name another file");
    if (isRunning(pid, owner)) throw refuse(`is held by process ${pid}: name another file`);
    remove(path, owner);
  }
  throw refuse("cannot be locked: other processes try as well");
}

function create(path: string, own: string, refuse: Refuse): boolean {
  try {
    const file = openSync(path, "wx", 0o600);
    writeSync(file, own);
    closeSync(file);
    return true;
  } catch (error) {
    if (codeOf(error) === "EEXIST") return false;
    if (codeOf(error) === "ENOENT") throw refuse("stands in a directory that does not exist", error);
    throw refuse(`cannot be locked: ${String(error)}`, error);
  }
}

function ownerOf(path: string, refuse: Refuse): string | undefined {
  try {
    return read(path);
  } catch (error) {
    throw refuse(`is locked by who knows whom: ${String(error)}`, error);
  }
}

/** Removes the lock of an owner that is gone, but not one that another process put there since. */
function remove(path: string, owner: string): void {
  const aside = `${path}.${process.pid}`;
  try {
    renameSync(path, aside);
    if (read(aside) !== owner) linkSync(aside, path);
  } catch (error) {
    // It is gone, or there is a newer one: the next try sees.
    if (codeOf(error) !== "ENOENT" && codeOf(error) !== "EEXIST") throw error;
  }
  rmSync(aside, { force: true });
}

function isRunning(pid: number, owner: string): boolean {
  if (!(pid > 0) || !isAlive(pid)) return false;
  const now = processName(pid);
  return now === owner || now === String(pid);
}

/**
 * The id, and where the system tells it the time of the start: ids come again, in a container always the same ones.
 * (proc(5): field 22 of `stat`, after the program's name in brackets, which may hold anything.)
 */
function processName(pid: number): string {
  const stat = read(`/proc/${pid}/stat`);
  const started = stat?.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
  return started === undefined ? String(pid) : `${pid} ${started}`;
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    // ESRCH: the process ended while its file was read.
    if (codeOf(error) === "ENOENT" || codeOf(error) === "ESRCH") return undefined;
    throw error;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return codeOf(error) === "EPERM";
  }
}

function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException).code;
}
