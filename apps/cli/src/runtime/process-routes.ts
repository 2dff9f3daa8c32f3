import { healthReport, processList } from "@throughline/api";
import { type AdminRoute, adminRoute } from "@throughline/api/admin";
import { type RunFile, runningInstances } from "./data-directory.ts";

const answerWithinMs = 3_000;

/** `/processes` of the admin API. */
export function processRoutes(directory: string): readonly AdminRoute[] {
  return [
    adminRoute({
      method: "GET",
      path: "/processes",
      operationId: "getProcesses",
      tag: "processes",
      summary: "The processes on the enhancer's data directory, their workers and the health of their parts",
      scope: "read",
      reach: "all",
      response: processList,
      handle: async () => ({
        body: { processes: await Promise.all(runningInstances(directory).map(shown)) },
      }),
    }),
  ];
}

async function shown({ role, pid, workers, addresses }: RunFile) {
  return { role, pid, workers: workers ?? null, health: await healthOf(addresses["admin"]) };
}

/** null where it says nothing: it may just be ending. */
async function healthOf(admin: string | undefined) {
  if (admin === undefined) return null;
  try {
    const response = await fetch(`${admin}/readyz`, { signal: AbortSignal.timeout(answerWithinMs) });
    return healthReport.safeParse(await response.json()).data ?? null;
  } catch {
    return null;
  }
}
