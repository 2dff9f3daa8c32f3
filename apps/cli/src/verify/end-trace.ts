import { type Finding, fail, ok, skip } from "../checks/finding.ts";
import type { System } from "./system.ts";

const id = "trace left";
const timeoutMs = 4_000;

/** Erases the verification's trace where our own backend keeps it; elsewhere it stays, and says what it is. Never throws. */
export async function eraseTrace(system: System, keep: boolean): Promise<Finding> {
  if (keep) return skip(id, "it stays, as --keep-trace asks");
  const backend = system.admins.find(({ hasTraces, token }) => hasTraces && token !== undefined);
  if (backend === undefined)
    return ok(
      id,
      `it stays in ${system.jaeger.url}, marked throughline.verify=true: Jaeger's API cannot delete`,
    );
  const { tenant, ticket } = system;
  const url = `${backend.url}/api/storage/erase`;
  try {
    const response = await fetch(url, {
      method: "POST",
      headers: { authorization: `Bearer ${backend.token ?? ""}`, "content-type": "application/json" },
      body: JSON.stringify({ tenant, ticket }),
      signal: AbortSignal.timeout(timeoutMs),
    });
    if (response.ok) return ok(id, "it is erased");
    throw new Error(`${url} answered ${response.status}`);
  } catch (error) {
    return fail(
      id,
      `it could not be erased: ${String(error)}`,
      `throughline storage erase --ticket ${ticket}`,
    );
  }
}
