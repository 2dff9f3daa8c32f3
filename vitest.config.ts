import { defineConfig } from "vitest/config";

// Unit tests stand beside the code; the black-box suite starts the shipped command as a process.
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: "unit",
          // Modules hold no state, so the files may share them: half the time of a process each.
          pool: "threads",
          isolate: false,
          include: ["packages/**/*.test.ts", "apps/**/*.test.ts", "scripts/**/*.test.ts"],
        },
      },
      {
        test: {
          name: "blackbox",
          include: ["test/**/*.test.ts"],
          testTimeout: 120_000,
          hookTimeout: 120_000,
          maxWorkers: 2,
        },
      },
    ],
  },
});
