import type { TraceSummary } from "@throughline/api";
import { expect, test } from "vitest";
import { statusOf } from "./status.ts";

const now = 1_790_000_000_000;
const ticket: TraceSummary = {
  traceId: "a".repeat(32),
  rootService: "desk",
  rootOperation: "POST /webhook/servicedesk",
  startUnixNano: `${now - 5_000}000000`,
  durationNs: 1_000_000_000,
  spanCount: 3,
  errorCount: 0,
  services: [],
  ticketId: "T-1",
  tenantId: "demo",
  priority: "high",
  enhancementStatus: null,
  slow: false,
  firstError: null,
};

test("a ticket has the status of its newest attempt", () => {
  expect(statusOf({ ...ticket, enhancementStatus: "partial", errorCount: 1 }, now)).toBe("partial");
});

test("a ticket without an ended attempt runs, until nothing has been heard of it for long", () => {
  expect(statusOf(ticket, now)).toBe("running");
  expect(statusOf({ ...ticket, errorCount: 1 }, now)).toBe("running");
  expect(statusOf(ticket, now + 3_600_000)).toBe("unfinished");
});

test("a refused webhook has failed: nothing follows it", () => {
  expect(statusOf({ ...ticket, spanCount: 1, errorCount: 1 }, now)).toBe("failed");
});

test("a trace without a ticket is in error or not", () => {
  expect(statusOf({ ...ticket, ticketId: null }, now)).toBe("ok");
  expect(statusOf({ ...ticket, ticketId: null, errorCount: 2 }, now)).toBe("error");
});
