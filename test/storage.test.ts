import { traceSearchAnswer } from "@throughline/api";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { acceptTicket, jobEnded, run, runJson, startWithDesk, until } from "./harness.ts";

interface Status {
  spans: number;
  head: { spans: number };
  blocks: number;
  pinned: string[];
  services: { service: string; spans: number }[];
}

test(
  "storage is shown, cleaned, pinned, erased and checked: while the backend runs, and on its directory",
  { timeout: 180_000 },
  async () => {
    const { up, data } = await startWithDesk();
    const traceOf = async (ticket: string): Promise<string> => {
      const { job_id: jobId } = await acceptTicket(up.address("webhook"), ticket);
      await jobEnded(up.address("admin"), jobId);
      return until(`the trace of ${ticket}`, async () => {
        const shown = await run(["trace", ticket, "--json", "--data", data]);
        return shown.code === 0 && shown.stdout.includes('"enhance_ticket"')
          ? (JSON.parse(shown.stdout) as { summary: { traceId: string } }).summary.traceId
          : undefined;
      });
    };
    const kept = await traceOf("KEEP-1");
    await traceOf("ERASE-1");
    await traceOf("OLD-1");
    const storage = <T>(...args: string[]): Promise<T> =>
      runJson<T>(["storage", ...args, "--data", data, "--json"]);

    const before = await storage<Status>("status");
    expect(before.spans + before.head.spans).toBeGreaterThan(20);
    expect(await storage("erase", "--ticket", "ERASE-1")).toMatchObject({ traces: 1 });
    expect((await run(["trace", "ERASE-1", "--data", data])).code).toBe(1);
    expect((await run(["storage", "erase", "--data", data])).stderr).toContain("TL_USAGE");
    expect((await run(["storage", "pin", "xyz", "--data", data])).stderr).toContain("expected 32 hex digits");
    await storage("pin", kept);
    expect((await run(["storage", "clean", "--older-than", "soon", "--data", data])).code).toBe(2);
    expect(await storage("clean", "--older-than", "0ms")).toMatchObject({
      blocksRemoved: expect.any(Number),
    });
    expect((await run(["trace", "KEEP-1", "--data", data])).code).toBe(0);
    const gone = await run(["trace", "OLD-1", "--data", data]);
    expect(gone.code).toBe(1);
    const nothing = await fetch(`${up.address("console")}/api/throughline/traces?tag=ticket.id%3DOLD-1`);
    const answer = traceSearchAnswer.parse(await nothing.json());
    expect(answer.traces).toEqual([]);
    expect(Date.parse(answer.removed?.at ?? "")).toBeGreaterThan(Date.now() - 180_000);
    expect(await storage("check")).toEqual({ blocks: 1, damaged: [] });
    expect(await up.end()).toBe(0);

    // The same on the directory.
    const offline = await storage<Status>("status");
    expect(offline.pinned).toEqual([kept]);
    expect(offline.services.length).toBeGreaterThan(0);
    const shown = await run(["storage", "status", "--data", data]);
    expect(shown.stdout).toMatch(/^spans +\d+\n/);
    const [block = ""] = (await readdir(join(data, "traces"))).filter((name) => name.endsWith(".block"));
    const path = join(data, "traces", block);
    const bytes = await readFile(path);
    bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 1;
    await writeFile(path, bytes);
    const check = await run(["storage", "check", "--data", data]);
    expect(check.code).toBe(1);
    expect(check.stdout).toContain(`${block}: `);
  },
);
