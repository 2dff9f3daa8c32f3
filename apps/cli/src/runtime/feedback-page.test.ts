import { openStore } from "@throughline/enhancer";
import Fastify from "fastify";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { feedbackPages } from "./feedback-page.ts";

test("a signed link opens its page also where the tenants' key came from the environment, and none does where no notes are written", async () => {
  const directory = mkdtempSync(join(tmpdir(), "throughline-feedback-"));
  const asked: string[] = [];
  const open = async () => {
    asked.push("store");
    return openStore(directory, {
      postgres: undefined,
      redis: undefined,
      tenantsKeys: [Buffer.alloc(32, 1)],
    });
  };
  const server = Fastify();
  feedbackPages(directory, { open, close: () => Promise.resolve() }).mount(server);
  onTestFinished(async () => {
    await server.close();
    rmSync(directory, { recursive: true });
  });
  expect((await server.inject({ url: "/feedback/1.abc" })).statusCode).toBe(500);
  expect(asked).toEqual([]);

  const store = await open();
  const token = store.feedback.tokenOf("an-enhancement");
  const shown = await server.inject({ url: `/feedback/${token}` });
  expect(shown.statusCode).toBe(200);
  expect(shown.body).toContain("Was the note helpful?");
  await store.close();
});
