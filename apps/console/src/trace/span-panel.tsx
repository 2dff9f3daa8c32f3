import { Link } from "@tanstack/react-router";
import type { Attribute, SpanView } from "@throughline/api";
import { type ReactNode, useState } from "react";
import { formatTag } from "../api/parameters.ts";
import { formatDuration } from "../ui/format.ts";
import { CheckIcon, CopyIcon, SearchIcon } from "../ui/icons.tsx";

/** All of one span: what went wrong first, then attributes, events, links, where it came from. */
export function SpanPanel({ span, onClose }: { span: SpanView; onClose: () => void }) {
  return (
    <aside className="panel span-panel" aria-label={`Span ${span.name}`}>
      <div className="span-head">
        <h2>{span.name}</h2>
        <button type="button" className="button quiet" aria-label="Close" onClick={onClose}>
          ✕
        </button>
      </div>
      <p className="muted">
        {span.service} · {span.kind} · {formatDuration(span.durationNs)} ({formatDuration(span.selfNs)} self)
        · starts at {formatDuration(span.startOffsetNs)}
      </p>
      {span.status === "error" && (
        <div className="error-box" role="note">
          <b>{textOf(span, "error.type") ?? "Error"}</b>
          <p>
            {textOf(span, "error.message") ?? (span.statusMessage || "The span failed without a message.")}
          </p>
        </div>
      )}
      {span.parentMissing && <p className="muted">Its parent {span.parentSpanId} has not arrived.</p>}
      <Group title="Attributes" count={span.attributes.length}>
        <Attributes attributes={span.attributes} searchable />
      </Group>
      {span.events.length > 0 && (
        <Group title="Events" count={span.events.length}>
          {span.events.map((event, at) => (
            <details key={at} className="event" open={span.events.length === 1}>
              <summary>
                {event.name} <span className="muted">at {formatDuration(event.offsetNs)}</span>
              </summary>
              <Attributes attributes={event.attributes} />
            </details>
          ))}
        </Group>
      )}
      {span.links.length > 0 && (
        <Group title="Links" count={span.links.length}>
          {span.links.map((link) => (
            <p key={link.traceId + link.spanId} className="mono small">
              <Link to="/trace/$traceId" params={{ traceId: link.traceId }} search={{ span: link.spanId }}>
                {link.traceId} / {link.spanId}
              </Link>
            </p>
          ))}
        </Group>
      )}
      <Group title="Resource" count={span.resource.length} folded>
        <Attributes attributes={span.resource} searchable />
      </Group>
      <p className="muted small mono">
        span {span.spanId}
        {span.scope.name !== "" && ` · ${span.scope.name} ${span.scope.version}`}
      </p>
    </aside>
  );
}

function Group({
  title,
  count,
  folded = false,
  children,
}: {
  title: string;
  count: number;
  folded?: boolean;
  children: ReactNode;
}) {
  return (
    <details className="group" open={!folded}>
      <summary>
        {title} <span className="count">{count}</span>
      </summary>
      {children}
    </details>
  );
}

function Attributes({
  attributes,
  searchable = false,
}: {
  attributes: readonly Attribute[];
  searchable?: boolean;
}) {
  return (
    <table className="attributes">
      <tbody>
        {attributes.map((attribute) => (
          <AttributeRow key={attribute.key} attribute={attribute} searchable={searchable} />
        ))}
      </tbody>
    </table>
  );
}

function AttributeRow({ attribute, searchable }: { attribute: Attribute; searchable: boolean }) {
  const [copied, setCopied] = useState(false);
  const text =
    typeof attribute.value === "string" ? attribute.value : JSON.stringify(attribute.value ?? null);
  const copy = async () => {
    await navigator.clipboard.writeText(text);
    setCopied(true);
    setTimeout(() => setCopied(false), 1_000);
  };
  return (
    <tr>
      <th scope="row">{attribute.key}</th>
      <td className={text.includes("\n") ? "mono stack" : "mono"}>{text}</td>
      <td className="actions">
        <button
          type="button"
          className="icon"
          title="Copy the value"
          aria-label={`Copy ${attribute.key}`}
          onClick={() => void copy()}
        >
          {copied ? <CheckIcon /> : <CopyIcon />}
        </button>
        {searchable && (
          <Link
            to="/search"
            search={{ tags: formatTag(attribute.key, text) }}
            className="icon"
            title="Search by this"
            aria-label={`Search by ${attribute.key}`}
          >
            <SearchIcon />
          </Link>
        )}
      </td>
    </tr>
  );
}

function textOf(span: SpanView, key: string): string | undefined {
  const value = span.attributes.find((attribute) => attribute.key === key)?.value;
  return typeof value === "string" ? value : undefined;
}
