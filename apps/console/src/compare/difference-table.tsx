import { Link } from "@tanstack/react-router";
import type { TraceDifferences } from "@throughline/api";
import { formatTag } from "../api/tags.ts";
import { formatCount, formatDuration, formatPercent, plural } from "../ui/format.ts";
import { Empty } from "../ui/states.tsx";
import "../trace/trace.css";
import "./compare.css";

/** Attribute by attribute: how many of the selected traces have a value, and how many of the rest. */
export function DifferenceTable({ found, select }: { found: TraceDifferences; select: "error" | "slow" }) {
  const { selected, rest, attributes, slowerThanNs, isPartial } = found;
  const these = select === "error" ? "failed" : "slow";
  if (selected === 0 || rest === 0)
    return (
      <Empty title={selected === 0 ? `No trace here is ${these}` : `All traces here are ${these}`}>
        <p>
          {plural(selected + rest, "trace")} were looked at. Look further back, or with fewer conditions:
          there must be some of either kind.
        </p>
      </Empty>
    );
  return (
    <>
      <p role="status">
        {plural(selected, "trace")} {these}
        {slowerThanNs !== null && ` (${formatDuration(slowerThanNs)} or more)`} against {formatCount(rest)}{" "}
        others
        {isPartial && ", the newest of more"}.
      </p>
      {attributes.length === 0 ? (
        <Empty title="Nothing tells them apart">
          <p>No attribute has a value that is more frequent on one side.</p>
        </Empty>
      ) : (
        <table className="statistics differences">
          <thead>
            <tr>
              <th scope="col">Attribute</th>
              <th scope="col">Value</th>
              <th scope="col">Of the {these}</th>
              <th scope="col">Of the rest</th>
            </tr>
          </thead>
          <tbody>
            {attributes.map((one) => (
              <tr key={`${one.key} ${one.value}`}>
                <th scope="row">
                  <bdi>{one.key === "" ? "(no name)" : one.key.slice(0, 200)}</bdi>
                </th>
                <td>
                  <Link to="/search" search={searchFor(one.key, one.value)}>
                    <bdi>{one.value === "" ? "(empty)" : one.value}</bdi>
                  </Link>
                </td>
                <Share share={one.selectedShare} count={one.selected} tone="bad" />
                <Share share={one.restShare} count={one.rest} tone="dim" />
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </>
  );
}

/** Fields of a span are asked for by conditions, attributes by tags. */
function searchFor(key: string, value: string): { tags: string } | { where: string } {
  return key.startsWith(":")
    ? { where: `${key} = "${value.replace(/["\\]/g, "\\$&")}"` }
    : { tags: formatTag({ key, value }) };
}

function Share({ share, count, tone }: { share: number; count: number; tone: "bad" | "dim" }) {
  return (
    <td>
      <span className={`share-bar share-${tone}`}>
        <i style={{ width: `${share * 100}%` }} aria-hidden="true" />
        <span>
          {formatPercent(share * 100)} <span className="muted small">{formatCount(count)}</span>
        </span>
      </span>
    </td>
  );
}
