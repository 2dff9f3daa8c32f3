import { evaluateNotes } from "@throughline/enhancer";
import { createRedactor } from "@throughline/tracing/redaction";
import { expect, test } from "vitest";
import { startRig } from "./rig.ts";

test("stored tickets are written again by another model and prompt, from the same sources, and set beside what was written", async () => {
  const rig = await startRig();
  await rig.importHistory([
    { id: "VPN-1", subject: "VPN certificate expired", resolution: "Renewed the certificate with certreq." },
  ]);
  for (const id of ["1", "2"]) await rig.run(id, "VPN certificate expired");
  const model = await startRig({ llm: {} });
  const base = { tenantId: "acme", limit: 10, prices: undefined, redactor: createRedactor() };
  const same = await evaluateNotes(rig.store, { ...base, models: [], instructions: undefined });
  expect(same.comparisons).toHaveLength(2);
  for (const { before, after, agreement } of same.comparisons) {
    expect(agreement).toBe(1);
    expect({ ...after, ms: 0 }).toEqual({ ...before, ms: 0, failure: null });
  }
  const other = await evaluateNotes(rig.store, {
    ...base,
    models: [{ apiKey: "k", baseUrl: `${model.llm?.url ?? ""}/v1`, model: "gpt-4o-mini" }],
    instructions: "Write a note.\nAnswer with JSON: similar_tickets, recommended_next_steps. In {language}.",
  });
  expect(other.promptVersion).not.toBe(same.promptVersion);
  expect(other.comparisons[0]).toMatchObject({
    before: { writer: "extractive", costUsd: null },
    after: { writer: "model", cited: [1], costUsd: expect.any(Number) as unknown },
  });
  const asked = await (await fetch(`${model.llm?.url ?? ""}/_simulator/requests`)).text();
  expect(asked).toContain("Write a note.");
  expect(asked).toContain("In English.");
  // Nothing was counted against the tenant.
  const day = new Date().toISOString().slice(0, 10);
  expect(await rig.store.spending.spentOn("acme", day)).toEqual({ usd: 0, tokens: 0 });
});
