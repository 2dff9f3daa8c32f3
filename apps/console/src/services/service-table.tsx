import { Link } from "@tanstack/react-router";
import type { ServicesView } from "../api/parameters.ts";
import type { RedSeries } from "../api/statistics.ts";
import { formatDuration, formatPercent } from "../ui/format.ts";
import { moveBetweenRows } from "../ui/table-keys.ts";
import { errorPercent, figuresOf, formatRate, rateOf } from "./figures.ts";
import type { SpanWindow } from "./span-window.ts";

/** Worth a look at once. */
const badPercent = 5;
const kindNames = ["", "internal", "server", "client", "producer", "consumer"];

/** Services, or operations of one, one a row; the bar is the share of the time that all took. */
export function ServiceTable({
  series,
  of,
  wholeNs,
  window,
  linkOf,
}: {
  series: readonly RedSeries[];
  of: "Service" | "Operation";
  /** The time of all, also of those that are not listed. */
  wholeNs: number;
  window: SpanWindow;
  linkOf: (one: RedSeries) => ServicesView;
}) {
  return (
    <table className="list list-services" aria-label={`${of}s`}>
      <thead>
        <tr>
          <th scope="col">{of}</th>
          <th scope="col" className="may-go">
            Over time
          </th>
          <th scope="col" className="figure">
            Rate
          </th>
          <th scope="col" className="figure">
            Errors
          </th>
          <th scope="col" className="figure may-go">
            p50
          </th>
          <th scope="col" className="figure">
            p95
          </th>
          <th scope="col" className="figure may-go">
            p99
          </th>
          <th scope="col" className="duration may-go">
            Share of time
          </th>
        </tr>
      </thead>
      <tbody onKeyDown={moveBetweenRows}>
        {series.map((one) => {
          const { service, operation, kind, total } = one;
          const errors = errorPercent(total);
          const share = wholeNs === 0 ? 0 : (total.durationSumNs / wholeNs) * 100;
          return (
            <tr key={`${kind} ${service} ${operation}`}>
              <th scope="row">
                <Link to="/services" search={linkOf(one)} className="row-link">
                  <bdi>{of === "Service" ? service : operation}</bdi>
                </Link>
                {of === "Operation" && <span className="muted small"> {kindNames[kind]}</span>}
              </th>
              <td className="may-go">
                <Sparkline values={figuresOf(one.minutes, window).rate} />
              </td>
              <td className="figure">{formatRate(rateOf(total, window))}</td>
              <td className={errors >= badPercent ? "figure bad" : "figure"}>
                {errors === 0 ? "–" : formatPercent(errors)}
              </td>
              <td className="figure may-go">{formatDuration(total.p50Ns)}</td>
              <td className="figure">{formatDuration(total.p95Ns)}</td>
              <td className="figure may-go">{formatDuration(total.p99Ns)}</td>
              <td className="duration may-go">
                <span className="meter">
                  <span style={{ width: `${share}%` }} />
                </span>
                {formatPercent(share)}
              </td>
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}

const spark = { width: 110, height: 22 };

function Sparkline({ values }: { values: readonly number[] }) {
  const most = Math.max(...values, Number.MIN_VALUE);
  const step = spark.width / Math.max(1, values.length - 1);
  const line = values
    .map(
      (value, at) =>
        `${(at * step).toFixed(1)} ${(spark.height - 2 - (value / most) * (spark.height - 4)).toFixed(1)}`,
    )
    .join("L");
  return (
    <svg className="sparkline" width={spark.width} height={spark.height} aria-hidden="true">
      <path className="spark-area" d={`M0 ${spark.height}L${line}L${spark.width} ${spark.height}z`} />
      <path className="spark-line" d={`M${line}`} />
    </svg>
  );
}
