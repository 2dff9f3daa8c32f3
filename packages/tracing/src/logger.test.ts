import { expect, test, vi } from "vitest";
import { tracingConfig } from "./config/config.ts";
import { createConsoleLogger } from "./logger.ts";

test.each([
  ["none", []],
  ["error", []],
  ["warn", ["warn"]],
  ["info", ["info", "warn"]],
  ["debug", ["debug", "info", "warn"]],
])("OTEL_LOG_LEVEL=%s writes the library's messages of %j", (level, written) => {
  const { logLevel } = tracingConfig({ OTEL_LOG_LEVEL: level });
  const stderr = vi.spyOn(process.stderr, "write").mockReturnValue(true);
  const logger = createConsoleLogger(logLevel);
  logger.debug({}, "a redacted span");
  logger.info({}, "a start");
  logger.warn({}, "a full queue");
  const lines = stderr.mock.calls.map(([line]) => JSON.parse(String(line)) as { level: string });
  stderr.mockRestore();
  expect(lines.map((line) => line.level)).toEqual(written);
  expect(logger.isLevelEnabled?.("debug")).toBe(written.includes("debug"));
});
