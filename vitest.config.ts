import { defineConfig } from "vitest/config";

// Unit tests stand beside the code; the black-box suite starts the shipped command as a process.
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: "unit",
          include: ["packages/**/*.test.ts", "apps/**/*.test.ts", "scripts/**/*.test.ts"],
        },
      },
      {
        test: {
          name: "blackbox",
          include: ["test/**/*.test.ts"],
          testTimeout: 60_000,
          hookTimeout: 60_000,
          maxWorkers: 2,
        },
      },
    ],
  },
});
