import { defineConfig } from "vitest/config";

// As the launcher has it (apps/cli/bin/throughline): V8 may abort a process with several threads otherwise.
const execArgv = ["--no-memory-protection-keys"];

// Unit tests stand beside the code; the black-box suite starts the shipped command as a process; crash tests kill
// and break what they test, again and again.
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: "unit",
          // Modules hold no state, so the files may share them: half the time of a process each.
          pool: "forks",
          isolate: false,
          execArgv,
          maxWorkers: 2,
          include: ["packages/**/*.test.ts", "apps/**/*.test.ts", "scripts/**/*.test.ts"],
          exclude: ["**/node_modules/**", "packages/traces/test/**"],
          // Tests say what must happen, not how fast: a machine may be busy.
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          name: "crash",
          execArgv,
          include: ["packages/traces/test/**/*.test.ts"],
          testTimeout: 120_000,
          maxWorkers: 2,
        },
      },
      {
        test: {
          name: "blackbox",
          execArgv,
          include: ["test/**/*.test.ts"],
          // Processes, servers and browsers on a machine that others use too: what fails is tried once more, and the report says so.
          retry: 1,
          testTimeout: 120_000,
          hookTimeout: 120_000,
          maxWorkers: 2,
        },
      },
    ],
  },
});
