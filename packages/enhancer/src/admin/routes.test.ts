import { openApiDocument } from "@throughline/api/openapi";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { draftsOf } from "../index.ts";
import { openEnhancerStore } from "../store.ts";
import { adminRoutes } from "./routes.ts";

test("every operation can be told by the OpenAPI document, under an id and a path of its own", async () => {
  const directory = await mkdtemp(join(tmpdir(), "throughline-admin-"));
  const store = openEnhancerStore(directory);
  const routes = adminRoutes(store.queue, store.tenants, store.database, {
    ...store,
    drafts: draftsOf(store, undefined),
    publicUrl: undefined,
  });
  const document = openApiDocument(routes, "0.0.0") as { paths: Record<string, object> };
  const told = Object.values(document.paths).flatMap((item) => Object.keys(item));
  expect(told).toHaveLength(routes.length);
  expect(new Set(routes.map(({ operationId }) => operationId)).size).toBe(routes.length);
  await store.close();
  await rm(directory, { recursive: true });
});
