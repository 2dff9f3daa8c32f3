import { expect, test } from "vitest";
import { run, start, temporaryDirectory, until } from "./harness.ts";

test(
  "the demo sends three tickets through, prints their waterfalls, stays up, and stops within 5 s of Ctrl-C",
  { timeout: 120_000 },
  async () => {
    const data = await temporaryDirectory();
    const demo = await start(["demo"], { data });
    for (const part of ["webhook", "admin", "console", "otlpGrpc", "otlpHttp", "desk"])
      expect(demo.address(part)).toBeTruthy();
    await until("the demo to have told its three tickets", () => demo.output().includes("It stays up"));
    const output = demo.output();
    for (const text of [
      "DEMO-101",
      "DEMO-403",
      "DEMO-900",
      "enhanced",
      "not enhanced",
      "403",
      "slow",
      "bottleneck: api.servicedesk_plus.update_ticket",
    ]) {
      expect(output).toContain(text);
    }
    expect(output).toContain(`${demo.address("console")}/trace/`);
    const again = await run(["trace", "DEMO-900", "--data", data]);
    expect(again.stdout).toContain("slow");
    const asked = Date.now();
    expect(await demo.end("SIGINT")).toBe(0);
    expect(Date.now() - asked).toBeLessThan(5_500);
  },
);
