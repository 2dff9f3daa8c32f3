import { hostname } from "node:os";

/** Whether the process that holds a lease (`host:pid:uuid`) is one of this host and is gone. */
export function isGone(owner: string, own: string): boolean {
  const [pid, host] = [Number(owner.split(":").at(-2)), owner.split(":").slice(0, -2).join(":")];
  if (host !== hostname() || owner === own) return false;
  // The process id may be ours again after a restart, in a container it always is.
  if (pid === process.pid) return true;
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ESRCH";
  }
}
