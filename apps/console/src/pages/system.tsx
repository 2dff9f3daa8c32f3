import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { ApiError } from "../api/http.ts";
import { readProcesses, readQueue, readSystem } from "../api/statistics.ts";
import { HealthChip, HealthTable, processesOf } from "../system/health.tsx";
import { Ingest } from "../system/ingest.tsx";
import { Queue } from "../system/queue.tsx";
import { SamplingCalculator } from "../system/sampling-calculator.tsx";
import { Storage } from "../system/storage.tsx";
import { Command, Empty, Failed, Loading, Stale } from "../ui/states.tsx";
import "../services/services.css";
import "../system/system.css";

const refreshMs = 5_000;

/** How the product itself is: what comes in, what is stored, what waits, and whether all parts are well. */
export function SystemPage() {
  const navigate = useNavigate();
  const system = useQuery({
    queryKey: ["system"],
    queryFn: ({ signal }) => readSystem(signal),
    refetchInterval: ({ state }) => (state.error === null ? refreshMs : 4 * refreshMs),
  });
  const enhancer = useQuery({
    queryKey: ["system", "enhancer"],
    queryFn: async ({ signal }) => {
      const [queue, { processes }] = await Promise.all([readQueue(signal), readProcesses(signal)]);
      return { queue, processes };
    },
    refetchInterval: ({ state }) => (state.error === null ? refreshMs : 4 * refreshMs),
  });
  if (system.data === undefined) {
    if (system.isPending) return <Loading what="the system" rows={10} />;
    if (isOfTenant(system.error)) return <OfAllTenants />;
    return <Failed error={system.error} onRetry={() => void system.refetch()} />;
  }
  const { health, ingest, storage, retention } = system.data;
  const processes = processesOf(system.data, enhancer.data?.processes ?? []);
  const worst = (["failed", "degraded"] as const).find((status) =>
    processes.some((one) => (one.health?.status ?? "failed") === status),
  );
  return (
    <section className="page">
      <div className="heading">
        <h1>System</h1>
        <HealthChip status={worst ?? health.status} />
        <span className="grow" />
        {!system.isRefetchError && <span className="live">live</span>}
      </div>
      {system.isRefetchError && <Stale error={system.error} sinceMs={system.dataUpdatedAt} />}
      <div className="system-page">
        <div className="system-wide">
          <HealthTable processes={processes} />
        </div>
        <Ingest
          ingest={ingest}
          nowMs={system.dataUpdatedAt}
          onSearch={(window) => void navigate({ to: "/search", search: window })}
        />
        <EnhancerPart query={enhancer} />
        <div className="system-wide">
          <Storage storage={storage} retention={retention} />
        </div>
        <div className="system-wide">
          <SamplingCalculator system={system.data} nowMs={system.dataUpdatedAt} />
        </div>
      </div>
    </section>
  );
}

function EnhancerPart({
  query,
}: {
  query: Pick<
    ReturnType<typeof useQuery<Parameters<typeof Queue>[0]>>,
    "data" | "error" | "isPending" | "refetch"
  >;
}) {
  const { data, error } = query;
  if (data !== undefined) return <Queue {...data} />;
  if (error === null) return <Loading what="the queue" />;
  if (error instanceof ApiError && error.code === "TL_ENHANCER_ABSENT")
    return (
      <section className="panel" aria-labelledby="queue">
        <h2 id="queue">Queue and workers</h2>
        <p className="muted">No enhancer is connected to this trace backend. Connect one with:</p>
        <Command>{"npx throughline traces --enhancer URL --enhancer-token-file FILE"}</Command>
      </section>
    );
  return <Failed error={error} onRetry={() => void query.refetch()} />;
}

function isOfTenant(error: Error): boolean {
  return error instanceof ApiError && error.code === "TL_TOKEN_TENANT";
}

function OfAllTenants() {
  return (
    <Empty isPage title="The system is all tenants’">
      <p>
        You see one tenant’s tickets and traces. How the whole system is, is for those who see all of them.
      </p>
    </Empty>
  );
}
