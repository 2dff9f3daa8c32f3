import { Link } from "@tanstack/react-router";
import type { ProcessList, QueueStatus } from "@throughline/api";
import { formatCount, formatDuration } from "../ui/format.ts";

/** What waits, and who works on it. */
export function Queue({ queue, processes }: { queue: QueueStatus; processes: ProcessList["processes"] }) {
  const workers = processes.reduce((sum, one) => sum + (one.workers ?? 0), 0);
  return (
    <section className="panel" aria-labelledby="queue">
      <h2 id="queue">Queue and workers</h2>
      <dl className="figures">
        <div>
          <dt>waiting</dt>
          <dd>
            <Link to="/" search={{ status: "waiting" }}>
              {formatCount(queue.waiting)}
            </Link>
          </dd>
        </div>
        <div>
          <dt>oldest of them waits for</dt>
          <dd>{queue.oldestWaitingMs === null ? "–" : formatDuration(queue.oldestWaitingMs * 1e6)}</dd>
        </div>
        <div>
          <dt>workers at work</dt>
          <dd>
            <Link to="/" search={{ status: "active" }}>
              {formatCount(queue.active)}
            </Link>{" "}
            of {formatCount(workers)}
          </dd>
        </div>
        <div>
          <dt>dead letters</dt>
          <dd className={queue.dead > 0 ? "bad" : undefined}>
            <Link to="/" search={{ status: "failed" }}>
              {formatCount(queue.dead)}
            </Link>
          </dd>
        </div>
        <div>
          <dt>done, still kept</dt>
          <dd>{formatCount(queue.done)}</dd>
        </div>
      </dl>
      {queue.paused && <p className="bad">The queue is paused: no job is taken until `queue resume`.</p>}
      {queue.pausedTenants.length > 0 && (
        <p className="muted">Paused tenants: {queue.pausedTenants.join(", ")}</p>
      )}
      {queue.heldTenants.length > 0 && (
        <p className="muted">
          Held back because their desk or model asked to come later:{" "}
          {queue.heldTenants.map(({ tenantId }) => tenantId).join(", ")}
        </p>
      )}
      <ul className="processes">
        {processes
          .filter((one) => one.workers !== null)
          .map((one) => (
            <li key={`${one.role} ${one.pid}`}>
              {one.role} <span className="muted">process {one.pid}</span>, {one.workers} at once
            </li>
          ))}
      </ul>
    </section>
  );
}
