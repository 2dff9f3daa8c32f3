import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { run, runJson, temporaryDirectory } from "./harness.ts";

test("a tenant is added, listed, shown without its secrets, and removed", { timeout: 120_000 }, async () => {
  const data = await temporaryDirectory();
  const at = ["--data", data];
  const added = await run(
    [
      "tenant",
      "add",
      "acme",
      "--secret",
      "-",
      "--desk",
      "http://127.0.0.1:9",
      "--desk-key",
      "key-of-the-desk",
      ...at,
    ],
    { input: "a secret from stdin\n" },
  );
  expect(added.code).toBe(0);
  expect(added.stdout).not.toContain("a secret from stdin");
  const made = await run([
    "tenant",
    "add",
    "beta",
    "--desk",
    "http://127.0.0.1:9",
    "--desk-key",
    "key-of-the-desk",
    ...at,
  ]);
  expect(made.stdout).toMatch(/shown this once: \S{20,}/);
  expect(await runJson<{ tenants: { id: string }[] }>(["tenant", "list", ...at])).toMatchObject({
    tenants: [{ id: "acme" }, { id: "beta" }],
  });
  const shown = await run(["tenant", "show", "acme", ...at]);
  expect(shown.stdout).not.toContain("key-of-the-desk");
  expect(
    (await run(["tenant", "add", "acme", "--desk", "http://x", "--desk-key", "k", ...at])).stderr,
  ).toContain("TL_TENANT_EXISTS");
  expect(
    await run(["tenant", "add", "Bad Id", "--desk", "http://x", "--desk-key", "k", ...at]),
  ).toMatchObject({ code: 2 });
  const changed = await runJson<{ settings: object }>([
    "tenant",
    "set",
    "acme",
    "--rate",
    "none",
    "--mode",
    "draft",
    "--include",
    "priority=high,critical",
    "--no-notes",
    ...at,
  ]);
  expect(changed.settings).toMatchObject({
    webhook: { ratePerMinute: null },
    note: { mode: "draft", enabled: false },
    filters: { include: { priority: ["high", "critical"] } },
  });
  const wrong = await run(["tenant", "set", "acme", "--webhook-scheme", "carrier-pigeon", ...at]);
  expect(wrong).toMatchObject({ code: 2, stderr: expect.stringContaining("--webhook-scheme") });
  expect(await run(["tenant", "set", "acme", ...at])).toMatchObject({ code: 2 });
  const settings = join(data, "settings.json");
  await writeFile(settings, (await run(["tenant", "show", "acme", "--settings", ...at])).stdout);
  const copy = await runJson<{ settings: object }>([
    "tenant",
    "add",
    "copy",
    "--settings",
    settings,
    "--desk-key",
    "k",
    ...at,
  ]);
  expect(copy.settings).toEqual(changed.settings);
  expect(await run(["tenant", "remove", "beta", ...at])).toMatchObject({ code: 0 });
  expect(await run(["tenant", "show", "beta", ...at])).toMatchObject({ code: 1 });
});

test(
  "an import names bad rows by line, takes the rest, and changes nothing when run again",
  { timeout: 120_000 },
  async () => {
    const data = await temporaryDirectory();
    const at = ["--tenant", "acme", "--data", data];
    await run(["tenant", "add", "acme", "--desk", "http://127.0.0.1:9", "--desk-key", "k", "--data", data]);
    const history = join(data, "history.csv");
    await writeFile(
      history,
      "ticket_id,subject,description,resolution,resolved_date,priority,tags\nA-1,VPN,down,restarted,2026-01-01T00:00:00Z,high,vpn\nbad id!,x,y,z,2026-01-01T00:00:00Z,high,\nA-2,Mail,full,archived,2026-01-02T00:00:00Z,low,mail\n",
    );
    const first = await run(["import", "history", history, ...at]);
    expect(first.code).toBe(0);
    expect(first.stderr).toContain("line 3");
    expect(await runJson(["import", "history", history, ...at])).toMatchObject({
      inserted: 0,
      updated: 0,
      unchanged: 2,
      skipped: 1,
    });
    const docs = join(data, "docs");
    await mkdir(docs);
    await writeFile(join(docs, "vpn.md"), "# VPN\n\n## Certificates\n\nRenew them.\n");
    expect(await runJson(["import", "docs", docs, ...at])).toMatchObject({ inserted: expect.any(Number) });
    expect(await runJson(["import", "docs", docs, ...at])).toMatchObject({ inserted: 0, updated: 0 });
    expect((await run(["import", "history", join(data, "none.csv"), ...at])).stderr).toContain(
      "TL_FILE_UNREADABLE",
    );
    expect(
      (await run(["import", "history", history, "--tenant", "nobody", "--data", data])).stderr,
    ).toContain("TL_TENANT_UNKNOWN");
  },
);

test(
  "every command has help and ends with code 0, and a wrong one with 2",
  { timeout: 120_000 },
  async () => {
    const commands = [
      ["demo"],
      ["up"],
      ["receiver"],
      ["worker"],
      ["traces"],
      ["tenant", "add"],
      ["tenant", "set"],
      ["tenant", "rotate-secret"],
      ["tenant", "rotate-key"],
      ["audit", "list"],
      ["audit", "verify"],
      ["tenant", "list"],
      ["tenant", "show"],
      ["tenant", "remove"],
      ["import", "history"],
      ["import", "docs"],
      ["import", "inventory"],
      ["ticket", "send"],
      ["trace"],
      ["jobs", "list"],
      ["jobs", "show"],
      ["jobs", "retry"],
      ["queue", "pause"],
      ["queue", "resume"],
      ["queue", "status"],
      ["simulate", "desk"],
      ["simulate", "llm"],
    ];
    const helps = await Promise.all(
      commands.map(async (command) => ({ command, result: await run([...command, "--help"]) })),
    );
    for (const { command, result } of helps)
      expect(result, command.join(" ")).toMatchObject({ code: 0, stdout: expect.stringContaining("Usage:") });
    expect(await run(["no-such-command"])).toMatchObject({ code: 2 });
    expect(await run(["--version"])).toMatchObject({ code: 0 });
  },
);
