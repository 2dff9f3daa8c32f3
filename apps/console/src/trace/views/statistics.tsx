import { useQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { formatCount, formatDuration, formatPercent, plural } from "../../ui/format.ts";
import { Failed, Loading } from "../../ui/states.tsx";
import type { TraceClient } from "../trace-client.ts";
import type { TraceData } from "../trace-data.ts";
import { type Grouping, groupings, type SpanGroup } from "../worker/statistics.ts";

/** Nobody reads more rows; a million of them no browser shows. */
const shownAtMost = 500;

const columns = [
  ["count", "Count"],
  ["errors", "Errors"],
  ["total", "Total"],
  ["self", "Self"],
  ["p50", "p50"],
  ["p95", "p95"],
  ["longest", "Max"],
] as const;
type Column = "label" | (typeof columns)[number][0];

/** Spans put together by what they have in common: how many, how long, how much of it themselves. */
export function Statistics({
  trace,
  client,
  by = "operation",
  onBy,
  onOpen,
}: {
  trace: TraceData;
  client: TraceClient;
  by: string | undefined;
  onBy: (by: string | undefined) => void;
  onOpen: (at: number) => void;
}) {
  const { reading, shifts } = trace;
  const grouping = groupingOf(by);
  const [order, setOrder] = useState<{ column: Column; isDown: boolean }>({ column: "self", isDown: true });
  const groups = useQuery({
    queryKey: ["statistics", client.number, reading, shifts.join(), grouping],
    queryFn: ({ signal }) => client.ask("statistics", { reading, shifts, grouping }, signal),
    structuralSharing: false,
    gcTime: 0,
  });
  const sorted = useMemo(() => sort(groups.data ?? [], order), [groups.data, order]);
  const allSelf = useMemo(() => sorted.reduce((sum, { self }) => sum + self, 0), [sorted]);
  const keys = useQuery({
    queryKey: ["keys", client.number, reading],
    queryFn: async ({ signal }) => (await client.ask("keys", { reading }, signal)).toSorted(),
    gcTime: 0,
  });
  const sortBy = (column: Column) =>
    setOrder((old) => ({ column, isDown: old.column === column ? !old.isDown : column !== "label" }));
  const heading = (column: Column, label: string, isNumber: boolean) => (
    <th
      key={column}
      scope="col"
      className={isNumber ? "number" : ""}
      aria-sort={order.column === column ? (order.isDown ? "descending" : "ascending") : "none"}
    >
      <button type="button" className="link sort" onClick={() => sortBy(column)}>
        {label}
        {order.column === column && <span aria-hidden="true">{order.isDown ? " ↓" : " ↑"}</span>}
      </button>
    </th>
  );
  return (
    <div className="view-scroller" tabIndex={0} role="region" aria-label="Statistics">
      <p className="view-tools">
        <label>
          By{" "}
          <select
            aria-label="Group by"
            value={grouping}
            onChange={({ target }) => onBy(target.value === "operation" ? undefined : target.value)}
          >
            {groupings.map((one) => (
              <option key={one} value={one}>
                {one}
              </option>
            ))}
            <optgroup label="Attributes">
              {keys.data?.map((key) => (
                <option key={key} value={`:${key}`}>
                  {key.slice(0, 100)}
                </option>
              ))}
            </optgroup>
          </select>
        </label>
        {groups.data !== undefined && (
          <span className="muted" role="status">
            {plural(groups.data.length, "group")}
            {groups.data.length > shownAtMost && `, the first ${shownAtMost} of them by ${order.column}`}
          </span>
        )}
      </p>
      {groups.data === undefined ? (
        groups.isError ? (
          <Failed error={groups.error} onRetry={() => void groups.refetch()} />
        ) : (
          <Loading what="the statistics" />
        )
      ) : (
        <table className="statistics">
          <thead>
            <tr>
              {heading("label", grouping.startsWith(":") ? grouping.slice(1) : grouping, false)}
              {columns.map(([column, label]) => heading(column, label, true))}
              <th scope="col" className="number">
                Share of self
              </th>
            </tr>
          </thead>
          <tbody>
            {sorted.slice(0, shownAtMost).map((group) => (
              <tr key={group.label}>
                <th scope="row">
                  <button type="button" className="link" onClick={() => onOpen(group.longestAt)}>
                    <bdi>{group.label === "" ? "(empty)" : group.label.slice(0, 300)}</bdi>
                  </button>
                </th>
                <td className="number">{formatCount(group.count)}</td>
                <td className={group.errors > 0 ? "number bad" : "number muted"}>
                  {formatCount(group.errors)}
                </td>
                {(["total", "self", "p50", "p95", "longest"] as const).map((column) => (
                  <td key={column} className="number">
                    {formatDuration(group[column])}
                  </td>
                ))}
                <td className="number">
                  <span className="share-cell">
                    {formatPercent(allSelf > 0 ? (group.self / allSelf) * 100 : 0)}
                    <span className="share" aria-hidden="true">
                      <span style={{ width: `${allSelf > 0 ? (group.self / allSelf) * 100 : 0}%` }} />
                    </span>
                  </span>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </div>
  );
}

function groupingOf(by: string): Grouping {
  if (by.startsWith(":")) return by as Grouping;
  return groupings.find((one) => one === by) ?? "operation";
}

function sort(
  groups: readonly SpanGroup[],
  { column, isDown }: { column: Column; isDown: boolean },
): SpanGroup[] {
  const sign = isDown ? -1 : 1;
  return groups.toSorted((a, b) =>
    column === "label"
      ? sign * (a.label < b.label ? -1 : a.label > b.label ? 1 : 0)
      : sign * (a[column] - b[column]) || (a.label < b.label ? -1 : 1),
  );
}
