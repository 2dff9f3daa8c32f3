import { type Finding, fail, ok, warn } from "../checks/finding.ts";

const noticeableMs = 2_000;
const tooFarMs = 60_000;

/** This machine's clock against another's, which it is so far ahead of. `accuracyMs`: how exactly the other one was told. */
export function clockFinding(whose: string, ahead: number, accuracyMs = 100): Finding {
  const id = `clock.${whose}`;
  const by = Math.abs(ahead) - accuracyMs;
  const said = `this machine is ${(Math.abs(ahead) / 1_000).toFixed(1)} s ${ahead >= 0 ? "ahead of" : "behind"} it`;
  const remedy =
    "Let all machines follow one time (chrony, systemd-timesyncd): spans stand in a wrong order, signed webhooks look stale, leases end early.";
  if (by > tooFarMs) return fail(id, said, remedy);
  return by > noticeableMs ? warn(id, said, remedy) : ok(id, by <= 0 ? "no difference can be seen" : said);
}

/** How far this machine is ahead of a server, by the `Date` header of whatever it answers. undefined where it tells none, or does not answer. */
export async function httpClock(url: string): Promise<number | undefined> {
  try {
    const asked = Date.now();
    const response = await fetch(url, {
      method: "HEAD",
      redirect: "manual",
      signal: AbortSignal.timeout(3_000),
    });
    const at = Date.parse(response.headers.get("date") ?? "");
    const middle = (asked + Date.now()) / 2;
    // Whole seconds, cut off: half of one is the likeliest rest.
    return Number.isNaN(at) ? undefined : middle - (at + 500);
  } catch {
    return undefined;
  }
}

/** The `Date` header tells whole seconds. */
export const dateAccuracyMs = 1_000;
