import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { CopyButton } from "../ui/copy-button.tsx";
import { formatDuration, formatPercent } from "../ui/format.ts";
import { Icon } from "../ui/icons.tsx";
import { Failed, Loading } from "../ui/states.tsx";
import { Attributes } from "./attributes.tsx";
import type { TraceClient } from "./trace-client.ts";
import type { TraceData } from "./trace-data.ts";
import type { SpanDetails } from "./worker/span-details.ts";
import "./span-panel.css";

export interface SpanPanelProps {
  trace: TraceData;
  client: TraceClient;
  at: number;
  colour: string;
  isStriped: boolean;
  isFocused: boolean;
  onClose: () => void;
  onZoom: () => void;
  onFocus: () => void;
  onOpen: (at: number) => void;
}

/** All of one span: what went wrong first, then attributes, events, links, and where it came from. */
export function SpanPanel(props: SpanPanelProps) {
  const { trace, client, at, colour, isStriped, isFocused, onClose, onZoom, onFocus, onOpen } = props;
  const details = useQuery({
    queryKey: ["span", trace.head.summary.traceId, trace.reading, at],
    queryFn: ({ signal }) => client.ask("span", { reading: trace.reading, at }, signal),
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 0,
    structuralSharing: false,
  });
  const name = trace.name(at);
  const parent = trace.parent(at);
  const wait = trace.wait(at);
  return (
    <aside className="span-panel" aria-label="Span">
      <div className="span-head">
        <span className={isStriped ? "swatch striped" : "swatch"} style={{ backgroundColor: colour }} />
        <h2>
          <bdi>{name.slice(0, 2_000)}</bdi>
        </h2>
        <button type="button" className="icon-button" aria-label="Close the panel" onClick={onClose}>
          <Icon name="close" />
        </button>
      </div>
      <p className="muted span-origin">
        <bdi>{trace.service(at)}</bdi> · {trace.kind(at)}
        {trace.attempt(at) > 0 && <> · attempt {trace.attempt(at)}</>}
      </p>
      <div className="span-times">
        <dl>
          <Time name="Duration">{formatDuration(trace.duration(at))}</Time>
          <Time name="Self">{formatDuration(trace.self(at))}</Time>
          <Time name="Starts at">{formatDuration(trace.start(at))}</Time>
          {trace.totalNs > 0 && (
            <Time name="Of the trace">{formatPercent((trace.duration(at) / trace.totalNs) * 100)}</Time>
          )}
          {wait !== undefined && <Time name="Waited">{formatDuration(wait.toNs - wait.fromNs)}</Time>}
        </dl>
      </div>
      <p className="span-actions">
        <button type="button" className="button small-button" onClick={onZoom}>
          <Icon name="search" size={13} /> Zoom to it
        </button>
        {(isFocused || trace.descendants(at) > 0) && (
          <button type="button" className="button small-button" onClick={onFocus}>
            <Icon name={isFocused ? "back" : "chevron"} size={13} />
            {isFocused ? "Whole trace" : "Only this subtree"}
          </button>
        )}
        {parent >= 0 && (
          <button type="button" className="button small-button" onClick={() => onOpen(parent)}>
            Parent
          </button>
        )}
      </p>
      {details.data === undefined ? (
        details.isError ? (
          <Failed error={details.error} onRetry={() => void details.refetch()} />
        ) : (
          <Loading what="the span" rows={5} />
        )
      ) : (
        <Details trace={trace} at={at} details={details.data} />
      )}
    </aside>
  );
}

function Details({ trace, at, details }: { trace: TraceData; at: number; details: SpanDetails }) {
  const { attributes, events, links, resource, scope, parentSpanId } = details;
  const spanId = trace.spanId(at);
  return (
    <>
      {trace.hasFailed(at) && <SpanError details={details} />}
      <Group title="Attributes" count={attributes.length} isOpen>
        <Attributes attributes={attributes} isSearchable />
      </Group>
      <Group title="Events" count={events.length} isOpen>
        {events.map((event, number) => (
          <div key={number} className="event">
            <h3>
              <bdi>{event.name}</bdi>
              <span className="muted">at {formatDuration(event.offsetNs + trace.shift(at))}</span>
            </h3>
            <Attributes attributes={event.attributes} />
          </div>
        ))}
      </Group>
      <Group title="Links" count={links.length} isOpen>
        {links.map((link, number) => (
          <div key={number} className="event">
            <Link
              to="/trace/$traceId"
              params={{ traceId: link.traceId }}
              search={{ span: link.spanId }}
              className="mono"
            >
              {link.traceId} / {link.spanId}
            </Link>
            <Attributes attributes={link.attributes} />
          </div>
        ))}
      </Group>
      <Group title="Resource" count={resource.length}>
        <Attributes attributes={resource} isSearchable />
      </Group>
      <p className="span-ids muted">
        <span className="copyable mono">
          span {spanId}
          <CopyButton text={spanId} what="the span id" />
        </span>
        <span className="copyable">
          link to this span
          <CopyButton
            text={`${location.origin}/trace/${trace.head.summary.traceId}?span=${spanId}`}
            what="a link to this span"
          />
        </span>
        {parentSpanId !== "" && (
          <span className="mono">
            parent {parentSpanId}
            {trace.isParentMissing(at) && ", which has not arrived"}
          </span>
        )}
        {scope.name !== "" && (
          <span className="mono">
            scope <bdi>{scope.name}</bdi> {scope.version}
          </span>
        )}
      </p>
    </>
  );
}

/** The most telling words there are: the attributes of the contract, the exception, the status. */
function SpanError({ details: { attributes, events, statusMessage } }: { details: SpanDetails }) {
  const exception = events.findLast(({ name }) => name === "exception")?.attributes ?? [];
  const find = (list: SpanDetails["attributes"], key: string) => {
    const value = list.find((attribute) => attribute.key === key)?.value;
    return typeof value === "string" && value !== "" ? value : undefined;
  };
  const type = find(attributes, "error.type") ?? find(exception, "exception.type");
  const message =
    find(attributes, "error.message") ?? find(exception, "exception.message") ?? (statusMessage || undefined);
  const stack = find(exception, "exception.stacktrace");
  return (
    <div className="span-error" role="note" aria-label="Error">
      <b>
        <Icon name="cross" size={14} /> <bdi>{type ?? "Error"}</bdi>
      </b>
      <p>
        <bdi>{message?.slice(0, 2_000) ?? "The span failed without saying why."}</bdi>
      </p>
      {statusMessage !== "" && statusMessage !== message && (
        <p className="muted">
          <bdi>{statusMessage.slice(0, 2_000)}</bdi>
        </p>
      )}
      {stack !== undefined && (
        <details>
          <summary>Stack</summary>
          <pre className="stack" tabIndex={0}>
            {stack.slice(0, 50_000)}
          </pre>
        </details>
      )}
    </div>
  );
}

function Time({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function Group({
  title,
  count,
  isOpen = false,
  children,
}: {
  title: string;
  count: number;
  isOpen?: boolean;
  children: ReactNode;
}) {
  if (count === 0) return null;
  return (
    <details className="group" open={isOpen}>
      <summary>
        <Icon name="chevron" size={12} /> {title} <span className="count">{count}</span>
      </summary>
      {children}
    </details>
  );
}
