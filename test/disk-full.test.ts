import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { start, temporaryDirectory, until } from "./harness.ts";

/** A file system of its own for the store, which only that process sees: any user may make one where the system lets users have namespaces. */
const inNamespace = ["unshare", "--user", "--map-root-user", "--mount"];
const canMount =
  spawnSync("unshare", [...inNamespace.slice(1), "mount", "-t", "tmpfs", "none", "/mnt"]).status === 0;

const idOf = (number: number): string => (number + 1).toString(16).padStart(32, "0");

/** A request of one trace with 32 KB that cannot be made smaller. */
function request(number: number): string {
  const span = {
    traceId: idOf(number),
    spanId: idOf(number).slice(16),
    name: "write",
    startTimeUnixNano: "1700000000000000000",
    endTimeUnixNano: "1700000000000000001",
    attributes: [{ key: "content", value: { stringValue: randomBytes(16_384).toString("hex") } }],
  };
  return JSON.stringify({ resourceSpans: [{ scopeSpans: [{ spans: [span] }] }] });
}

test.skipIf(!canMount)(
  "a full disk refuses spans and says so, answers go on, nothing is lost, and it is over when there is room",
  { timeout: 180_000 },
  async () => {
    const data = await temporaryDirectory();
    const directory = join(data, "traces");
    await mkdir(directory);
    const mount = 'mount -t tmpfs -o size=3m none "$0" && exec "$@"';
    const traces = await start(["traces"], {
      data,
      through: [...inNamespace, "sh", "-c", mount, directory],
    });
    const send = (number: number): Promise<Response> =>
      fetch(`${traces.address("otlpHttp")}/v1/traces`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: request(number),
      });
    const isThere = async (number: number): Promise<boolean> =>
      (await fetch(`${traces.address("console")}/api/v3/traces/${idOf(number)}`)).ok;
    const isReady = async (): Promise<boolean> => (await fetch(`${traces.address("admin")}/readyz`)).ok;
    const stored: number[] = [];
    let number = 0;
    const refused = await until("the disk to be full", async () => {
      const answer = await send(number++);
      if (!answer.ok) return answer;
      stored.push(number - 1);
      return undefined;
    });
    expect([refused.status, refused.headers.get("retry-after")]).toEqual([503, "1"]);
    expect(await refused.json()).toMatchObject({
      message: expect.stringMatching(/TL_TRACE_BACKEND_FAILED.*ENOSPC/),
    });
    expect(stored.length).toBeGreaterThan(10);
    expect(await isThere(number - 1)).toBe(false);
    expect(await isThere(stored[0] ?? -1)).toBe(true);
    expect(await isThere(stored.at(-1) ?? -1)).toBe(true);
    expect(await isReady()).toBe(false);

    const enter = ["--target", String(traces.ready.pid), "--user", "--mount", "--preserve-credentials"];
    const grown = spawnSync("nsenter", [...enter, "mount", "-o", "remount,size=64m", directory]);
    expect(String(grown.stderr)).toBe("");
    await until("spans to be taken again", async () => {
      const { ok } = await send(number++);
      if (ok) stored.push(number - 1);
      return ok;
    });
    await until("the backend to be ready again", isReady);
    for (const one of stored) expect([one, await isThere(one)]).toEqual([one, true]);
    expect(await traces.end()).toBe(0);
  },
);
