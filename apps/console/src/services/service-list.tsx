import { useState } from "react";
import type { ServicesView } from "../api/parameters.ts";
import type { RedSeries } from "../api/statistics.ts";
import { formatCount } from "../ui/format.ts";
import { type ServiceSort, serviceSorts, sortSeries } from "./figures.ts";
import { ServiceTable } from "./service-table.tsx";
import type { SpanWindow } from "./span-window.ts";

/** More rows than anybody reads; the order and the name that is looked for say which ones. */
const rowsAtMost = 300;
/** Fewer are seen at once. */
const soughtFrom = 10;

/** Services, or operations of one, in an order, and those whose name has what is looked for. */
export function ServiceList({
  title,
  of,
  series,
  window,
  sort,
  onSort,
  linkOf,
}: {
  title?: string;
  of: "Service" | "Operation";
  series: readonly RedSeries[];
  window: SpanWindow;
  sort: ServiceSort | undefined;
  onSort: (sort: ServiceSort | undefined) => void;
  linkOf: (one: RedSeries) => ServicesView;
}) {
  const [sought, setSought] = useState("");
  const wanted = sought.trim().toLowerCase();
  const nameOf = ({ service, operation }: RedSeries) => (of === "Service" ? service : operation);
  const fitting = series.filter((one) => nameOf(one).toLowerCase().includes(wanted));
  return (
    <>
      <div className="heading heading-list">
        {title !== undefined && <h2>{title}</h2>}
        <Order sort={sort} onSort={onSort} />
        {series.length > soughtFrom && (
          <input
            type="search"
            className="sought"
            aria-label={`${of}s whose name has`}
            placeholder="Name has …"
            value={sought}
            onChange={({ currentTarget }) => setSought(currentTarget.value)}
          />
        )}
        <span className="grow" />
        <span className="muted" role="status">
          {fitting.length > rowsAtMost
            ? `the first ${rowsAtMost} of ${formatCount(fitting.length)}`
            : fitting.length < series.length &&
              `${formatCount(fitting.length)} of ${formatCount(series.length)}`}
        </span>
      </div>
      <ServiceTable
        of={of}
        series={sortSeries(fitting, sort).slice(0, rowsAtMost)}
        wholeNs={series.reduce((sum, { total }) => sum + total.durationSumNs, 0)}
        window={window}
        linkOf={linkOf}
      />
    </>
  );
}

function Order({
  sort,
  onSort,
}: {
  sort: ServiceSort | undefined;
  onSort: (sort: ServiceSort | undefined) => void;
}) {
  return (
    <label className="order">
      <span className="unseen">Order</span>
      <select
        value={sort ?? ""}
        onChange={({ currentTarget: { value } }) =>
          onSort(serviceSorts.find((one) => one.sort === value)?.sort)
        }
      >
        <option value="">Where the time goes first</option>
        {serviceSorts.map((one) => (
          <option key={one.sort} value={one.sort}>
            {one.name}
          </option>
        ))}
      </select>
    </label>
  );
}
