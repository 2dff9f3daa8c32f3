import { Link } from "@tanstack/react-router";
import type { SpanView } from "@throughline/api";
import type { ReactNode } from "react";
import { CopyButton } from "../ui/copy-button.tsx";
import { formatDuration } from "../ui/format.ts";
import { Icon } from "../ui/icons.tsx";
import { Attributes } from "./attributes.tsx";
import "./span-panel.css";

/** All of one span: what went wrong first, then attributes, events, links, and where it came from. */
export function SpanPanel({
  span,
  colour,
  onClose,
  onZoom,
}: {
  span: SpanView;
  colour: string;
  onClose: () => void;
  onZoom: () => void;
}) {
  return (
    <aside className="span-panel" aria-label={`Span ${span.name}`}>
      <div className="span-head">
        <span className="swatch" style={{ background: colour }} />
        <h2>{span.name}</h2>
        <button type="button" className="icon-button" aria-label="Close the panel" onClick={onClose}>
          <Icon name="close" />
        </button>
      </div>
      <p className="muted span-origin">
        {span.service} · {span.kind}
      </p>
      <SpanError span={span} />
      <div className="span-times">
        <dl>
          <Time name="Duration">{formatDuration(span.durationNs)}</Time>
          <Time name="Self">{formatDuration(span.selfNs)}</Time>
          <Time name="Starts at">{formatDuration(span.startOffsetNs)}</Time>
        </dl>
        <button type="button" className="button small-button" onClick={onZoom}>
          <Icon name="search" size={13} /> Zoom to it
        </button>
      </div>
      <Group title="Attributes" count={span.attributes.length} isOpen>
        <Attributes attributes={span.attributes} isSearchable />
      </Group>
      <Group title="Events" count={span.events.length} isOpen>
        {span.events.map((event, at) => (
          <div key={at} className="event">
            <h3>
              {event.name}
              <span className="muted">at {formatDuration(event.offsetNs)}</span>
            </h3>
            <Attributes attributes={event.attributes} />
          </div>
        ))}
      </Group>
      <Group title="Links" count={span.links.length} isOpen>
        {span.links.map((link, at) => (
          <div key={at} className="event">
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
      <Group title="Resource" count={span.resource.length}>
        <Attributes attributes={span.resource} isSearchable />
      </Group>
      <p className="span-ids muted">
        <span className="copyable mono">
          span {span.spanId}
          <CopyButton text={span.spanId} what="the span id" />
        </span>
        {span.parentSpanId !== null && (
          <span className="mono">
            parent {span.parentSpanId}
            {span.parentMissing && ", which has not arrived"}
          </span>
        )}
        {span.scope.name !== "" && (
          <span className="mono">
            scope {span.scope.name} {span.scope.version}
          </span>
        )}
      </p>
    </aside>
  );
}

/** The most telling words there are: the attributes of the contract, the exception, the status. */
function SpanError({ span }: { span: SpanView }) {
  if (span.status !== "error") return null;
  const exception = span.events.findLast(({ name }) => name === "exception")?.attributes ?? [];
  const find = (attributes: SpanView["attributes"], key: string) => {
    const value = attributes.find((attribute) => attribute.key === key)?.value;
    return typeof value === "string" && value !== "" ? value : undefined;
  };
  const type = find(span.attributes, "error.type") ?? find(exception, "exception.type");
  const message =
    find(span.attributes, "error.message") ??
    find(exception, "exception.message") ??
    (span.statusMessage || undefined);
  return (
    <div className="span-error" role="note" aria-label="Error">
      <b>
        <Icon name="cross" size={14} /> {type ?? "Error"}
      </b>
      <p>{message ?? "The span failed without saying why."}</p>
      {span.statusMessage !== "" && span.statusMessage !== message && (
        <p className="muted">{span.statusMessage}</p>
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
