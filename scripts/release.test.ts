import { execFileSync, spawnSync } from "node:child_process";
import { appendFileSync, globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { advisoriesOf, explainedIn } from "./audit.ts";
import { isAllowed, productionDependencies } from "./licences.ts";

const root = new URL("../", import.meta.url).pathname;
const author = {
  GIT_AUTHOR_NAME: "a",
  GIT_AUTHOR_EMAIL: "a@b.c",
  GIT_COMMITTER_NAME: "a",
  GIT_COMMITTER_EMAIL: "a@b.c",
};

/** A checkout of its own, with the changelog of a project that has something to release. */
function checkout() {
  const directory = mkdtempSync(join(tmpdir(), "throughline-release-"));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  const git = (...args: string[]) =>
    execFileSync("git", args, {
      cwd: directory,
      encoding: "utf8",
      env: { ...process.env, ...author },
    }).trim();
  execFileSync("git", ["clone", "--quiet", "--local", root, directory]);
  writeFileSync(
    join(directory, "CHANGELOG.md"),
    "# Changelog\n\n## Unreleased\n\n- Faster.\n\n## 0.0.9 - 2026-01-02\n\n- First.\n",
  );
  git("commit", "--quiet", "--all", "--message", "changelog");
  const release = (...args: string[]) =>
    spawnSync(process.execPath, [`${root}scripts/release.ts`, ...args], {
      cwd: directory,
      encoding: "utf8",
      env: { ...process.env, ...author },
    });
  const read = (file: string) => readFileSync(join(directory, file), "utf8");
  return { directory, git, release, read };
}

test("a release sets one version everywhere and dates the changelog, and commits nothing", () => {
  const { directory, git, release, read } = checkout();
  const head = git("rev-parse", "HEAD");
  expect(release("7.8.9")).toMatchObject({ status: 0, stderr: "" });
  const lock = JSON.parse(read("package-lock.json")) as { version: string; packages: Record<string, object> };
  expect(lock.version).toBe("7.8.9");
  for (const file of ["package.json", ...globSync("{packages,apps}/*/package.json", { cwd: directory })]) {
    const manifest = JSON.parse(read(file)) as { version: string; dependencies?: Record<string, string> };
    expect(manifest.version, file).toBe("7.8.9");
    const ours = Object.entries(manifest.dependencies ?? {}).filter(([name]) =>
      name.startsWith("@throughline/"),
    );
    expect(new Set(["7.8.9", ...ours.map(([, version]) => version)]), file).toEqual(new Set(["7.8.9"]));
    const { dependencies = {} } = manifest;
    expect(lock.packages[file.replace(/\/?package\.json$/, "")]).toMatchObject({
      version: "7.8.9",
      ...(Object.keys(dependencies).length === 0 ? {} : { dependencies }),
    });
  }
  expect(read("apps/cli/src/version.ts")).toContain('"7.8.9"');
  expect(read("packages/tracing/src/export/user-agent.ts")).toContain("throughline-tracing/7.8.9");
  expect(read("deploy/kubernetes/base/kustomization.yaml")).toContain("newTag: 7.8.9");
  expect(read("CHANGELOG.md")).toMatch(
    /^# Changelog\n\n## Unreleased\n\n## 7\.8\.9 - \d{4}-\d\d-\d\d\n\n- Faster\.\n\n## 0\.0\.9 - 2026-01-02\n/,
  );
  expect(git("rev-parse", "HEAD")).toBe(head);
  expect(git("tag")).toBe(git("-C", root, "tag"));
});

test("a release commits and tags when asked, and the same version is not released twice", () => {
  const { git, release } = checkout();
  expect(release("7.8.9", "--tag")).toMatchObject({ status: 0 });
  expect(git("status", "--porcelain")).toBe("");
  expect(git("log", "-1", "--format=%s")).toBe("Release 7.8.9");
  expect(git("rev-parse", "v7.8.9^{commit}")).toBe(git("rev-parse", "HEAD"));
  expect(release("7.8.9")).toMatchObject({
    status: 1,
    stderr: expect.stringContaining("released already") as string,
  });
  expect(release("7.8.10")).toMatchObject({
    status: 1,
    stderr: expect.stringContaining("nothing is unreleased") as string,
  });
});

test("a release refuses what is no version, a lower one and a checkout that is not clean", () => {
  const { directory, release } = checkout();
  expect(release()).toMatchObject({ status: 1 });
  expect(release("two")).toMatchObject({ status: 1 });
  expect(release("0.0.1").stderr).toContain("lower");
  appendFileSync(join(directory, "README.md"), "changed\n");
  expect(release("7.8.9").stderr).toContain("README.md");
});

test("every production dependency has a licence that is allowed", () => {
  const lock = JSON.parse(readFileSync(`${root}package-lock.json`, "utf8")) as Parameters<
    typeof productionDependencies
  >[0];
  const all = productionDependencies(lock);
  expect(all.map(({ name }) => name)).toEqual(expect.arrayContaining(["fastify", "zod", "react", "bullmq"]));
  expect(all.map(({ name }) => name)).not.toContain("vitest");
  expect(all.filter(({ licence }) => !isAllowed(licence))).toEqual([]);
  expect(["GPL-3.0-only", "none", "MIT AND GPL-2.0-only"].map(isAllowed)).toEqual([false, false, false]);
  expect(["(MIT OR GPL-3.0-only)", "MIT AND ISC"].map(isAllowed)).toEqual([true, true]);
});

test("advisories are those of npm's answer, each by its id; an answer about something else is none", () => {
  const answer = JSON.stringify({
    vulnerabilities: {
      shelf: { via: ["plank"] },
      plank: {
        via: [
          { url: "https://github.com/advisories/GHSA-aaaa-bbbb-cccc", title: "splinters", severity: "high" },
        ],
      },
    },
  });
  expect(advisoriesOf(answer)).toEqual([
    { id: "GHSA-aaaa-bbbb-cccc", package: "plank", severity: "high", title: "splinters" },
  ]);
  expect(advisoriesOf('{"vulnerabilities":{}}')).toEqual([]);
  expect(advisoriesOf('{"message":"405 Method Not Allowed","statusCode":405}')).toBeUndefined();
  expect(advisoriesOf("")).toBeUndefined();
  expect(explainedIn("| id | why |\n|---|---|\n| GHSA-aaaa-bbbb-cccc | not used |\n")).toEqual(
    new Set(["GHSA-aaaa-bbbb-cccc"]),
  );
});
