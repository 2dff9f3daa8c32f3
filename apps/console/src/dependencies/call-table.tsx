import { Link } from "@tanstack/react-router";
import type { ServiceCall } from "../api/statistics.ts";
import { formatCount, formatDuration, formatPercent } from "../ui/format.ts";
import { failedPercent } from "./calls.ts";

const rowsAtMost = 500;

/** The same as the graph, for those who would rather read, and the way from a call to its traces. */
export function CallTable({
  calls,
  senders,
  lookback,
}: {
  calls: readonly ServiceCall[];
  senders: ReadonlySet<string>;
  lookback: string;
}) {
  const sorted = calls.toSorted((a, b) => b.calls - a.calls).slice(0, rowsAtMost);
  return (
    <table className="list list-calls" aria-label="Calls">
      <thead>
        <tr>
          <th scope="col">Caller</th>
          <th scope="col">Called</th>
          <th scope="col" className="figure">
            Calls
          </th>
          <th scope="col" className="figure">
            Failed
          </th>
          <th scope="col" className="figure may-go">
            p50
          </th>
          <th scope="col" className="figure may-go">
            p95
          </th>
          <th scope="col">Traces</th>
        </tr>
      </thead>
      <tbody>
        {sorted.map((call) => {
          const { parent, child, calls: count, failed, p50Ns, p95Ns } = call;
          const percent = failedPercent(call);
          const service = senders.has(child) ? child : parent;
          return (
            <tr key={`${parent}\n${child}`}>
              <th scope="row">
                <Service name={parent} isSender={senders.has(parent)} />
              </th>
              <td>
                <Service name={child} isSender={senders.has(child)} />
              </td>
              <td className="figure">{formatCount(count)}</td>
              <td className={percent > 0 ? "figure bad" : "figure"}>
                {failed === null ? "?" : percent === 0 ? "–" : formatPercent(percent)}
              </td>
              <td className="figure may-go">{p50Ns === null ? "?" : formatDuration(p50Ns)}</td>
              <td className="figure may-go">{p95Ns === null ? "?" : formatDuration(p95Ns)}</td>
              <td>
                <Link
                  to="/search"
                  search={{ service, lookback, ...(percent > 0 ? { status: "error" as const } : {}) }}
                  aria-label={`${percent > 0 ? "Failed" : "All"} traces of ${parent} and ${child}`}
                >
                  {percent > 0 ? "failed" : "all"}
                </Link>
              </td>
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}

function Service({ name, isSender }: { name: string; isSender: boolean }) {
  if (!isSender) return <bdi>{name}</bdi>;
  return (
    <Link to="/services" search={{ service: name, spans: "all" }}>
      <bdi>{name}</bdi>
    </Link>
  );
}
