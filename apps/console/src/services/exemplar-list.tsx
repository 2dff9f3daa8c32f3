import { Link } from "@tanstack/react-router";
import type { Exemplar } from "../api/statistics.ts";
import { Age } from "../ui/age.tsx";
import { Chip } from "../ui/chip.tsx";
import { formatDuration, nanosToMs } from "../ui/format.ts";
import { moveBetweenRows } from "../ui/table-keys.ts";

/** The traces behind the diamonds: slow ones and failed ones, the slowest first. */
export function ExemplarList({ exemplars, nowMs }: { exemplars: readonly Exemplar[]; nowMs: number }) {
  return (
    <table className="list list-exemplars" aria-label="Exemplars">
      <thead>
        <tr>
          <th scope="col">Span</th>
          <th scope="col">Status</th>
          <th scope="col" className="figure">
            Duration
          </th>
          <th scope="col" className="figure may-go">
            Started
          </th>
        </tr>
      </thead>
      <tbody onKeyDown={moveBetweenRows}>
        {exemplars.map(({ traceId, spanId, operation, isError, durationNs, startUnixNano }) => (
          <tr key={traceId}>
            <th scope="row">
              <Link to="/trace/$traceId" params={{ traceId }} search={{ span: spanId }} className="row-link">
                <bdi>{operation}</bdi>
              </Link>
              <span className="muted small mono"> {traceId.slice(0, 8)}</span>
            </th>
            <td>
              {isError ? (
                <Chip word="failed" icon="cross" tone="bad" />
              ) : (
                <Chip word="slow" icon="slow" tone="warn" />
              )}
            </td>
            <td className="figure">{formatDuration(durationNs)}</td>
            <td className="figure may-go">
              <Age atMs={nanosToMs(startUnixNano)} nowMs={nowMs} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
