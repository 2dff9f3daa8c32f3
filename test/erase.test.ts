import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { acceptTicket, jobEnded, run, runJson, startWithDesk, until } from "./harness.ts";

/** Files of the data directory that hold the word, by their names. */
function filesWith(data: string, word: string): string[] {
  return readdirSync(data, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((file) => readFileSync(file).includes(word));
}

test(
  "an erased ticket, and then an erased tenant, leave no sentence of theirs in any file",
  { timeout: 180_000 },
  async () => {
    const { data, up } = await startWithDesk({ args: [] });
    const inData = ["--data", data];
    const history = join(data, "history.csv");
    writeFileSync(
      history,
      "ticket_id,subject,description,resolution,resolved_date,priority,tags\nFORGET-1,Zoo,A quagga is hungry,Fed the quagga,2026-10-01,low,\n",
    );
    expect((await run(["import", "history", history, "--tenant", "acme", ...inData])).code).toBe(0);
    writeFileSync(history, "");
    for (const [ticket, word] of [
      ["FORGET-1", "quagga"],
      ["KEEP-1", "thylacine"],
    ] as const) {
      const { job_id: job } = await acceptTicket(
        up.address("webhook"),
        ticket,
        `The ${word} lost its password`,
      );
      expect(await jobEnded(up.address("admin"), job)).toMatchObject({ state: "done" });
    }
    const forgotten = ["A quagga is hungry", "Fed the quagga", "The quagga lost its password"];
    for (const sentence of forgotten) expect(filesWith(data, sentence), sentence).not.toEqual([]);

    const erase = ["ticket", "erase", "FORGET-1", "--traces", ...inData];
    expect((await run([...erase, "--tenant", "nobody"])).stderr).toContain("TL_TENANT_UNKNOWN");
    // Spans are on their way for a moment; what is erased is what is stored.
    await until("its trace", () => filesWith(join(data, "traces"), "FORGET-1").length > 0);
    const { counts } = await runJson<{ counts: Record<string, number> }>([...erase, "--tenant", "acme"]);
    expect(counts).toMatchObject({ jobs: 1, enhancements: 1, history: 1, traces: 1 });
    for (const sentence of forgotten)
      await until(`no "${sentence}"`, () => filesWith(data, sentence).length === 0);
    const kept = "The thylacine lost its password";
    expect(filesWith(data, kept)).not.toEqual([]);

    const removed = await run(["tenant", "remove", "acme", "--traces", "--yes", ...inData]);
    expect([removed.stderr, removed.code]).toEqual(["", 0]);
    await until("nothing of the tenant", () => filesWith(data, kept).length === 0);
  },
);
