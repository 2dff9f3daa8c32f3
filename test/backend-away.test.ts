import { createServer } from "node:net";
import { expect, test } from "vitest";
import { acceptTicket, jobEnded, notesOf, startWithDesk, until } from "./harness.ts";

function dropped(metrics: string): number {
  return Number(/^throughline_spans_dropped_total (\d+)$/m.exec(metrics)?.[1] ?? 0);
}

test(
  "a trace backend that is down costs spans, not tickets: they are counted and told once",
  { timeout: 120_000 },
  async () => {
    const env = { OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:9", OTEL_BSP_EXPORT_TIMEOUT: "300" };
    const { desk, up } = await startWithDesk({ env });
    for (const ticket of ["AWAY-1", "AWAY-2", "AWAY-3"]) {
      const { job_id: jobId } = await acceptTicket(up.address("webhook"), ticket);
      expect(await jobEnded(up.address("admin"), jobId)).toMatchObject({ state: "done", status: "success" });
      expect(await notesOf(desk.address("desk"), ticket)).toHaveLength(1);
    }
    await until(
      "drops to be counted",
      async () => dropped(await (await fetch(`${up.address("admin")}/metrics`)).text()) >= 20,
    );
    await until("the warning", () => up.output().includes("spans are dropped"));
    expect(up.output().split("spans are dropped")).toHaveLength(2);
  },
);

test("a trace backend that hangs does not slow a ticket", { timeout: 120_000 }, async () => {
  const mute = createServer(() => {});
  await new Promise<void>((resolve) => mute.listen(0, "127.0.0.1", resolve));
  const { port } = mute.address() as { port: number };
  const { up } = await startWithDesk({
    env: { OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}`, OTEL_BSP_EXPORT_TIMEOUT: "1000" },
  });
  const { job_id: jobId } = await acceptTicket(up.address("webhook"), "MUTE-1");
  expect(await jobEnded(up.address("admin"), jobId)).toMatchObject({ state: "done" });
  expect(await up.end()).toBe(0);
  mute.close();
});
