import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { Age, Time } from "../ui/age.tsx";
import { CopyButton } from "../ui/copy-button.tsx";
import { formatCount, formatDuration, formatPercent, nanosToMs } from "../ui/format.ts";
import { Icon } from "../ui/icons.tsx";
import { StatusChips } from "../ui/status-chip.tsx";
import type { TraceData } from "./trace-data.ts";

/** What the trace was, how it ended, and what to look at first. */
export function TraceHead({
  trace,
  nowMs,
  isOpen,
  onOpen,
}: {
  trace: TraceData;
  nowMs: number;
  isOpen: boolean;
  onOpen: (at: number) => void;
}) {
  const { summary } = trace.head;
  const title = summary.ticketId ?? summary.rootOperation;
  const command = `npx throughline trace ${summary.ticketId ?? summary.traceId}`;
  return (
    <header className="trace-head">
      <div className="heading">
        <h1 title={title}>
          <bdi>{title.slice(0, 300)}</bdi>
        </h1>
        <StatusChips summary={summary} nowMs={nowMs} />
        {isOpen && <span className="live">refreshes by itself</span>}
        <span className="muted trace-origin clip">
          {summary.ticketId !== null && <>{summary.rootOperation} · </>}
          {summary.rootService}
        </span>
        <span className="grow" />
        <span className="copyable">
          <code>{command}</code>
          <CopyButton text={command} what="the command" />
        </span>
        <Link to="/compare" search={{ a: summary.traceId }} className="button small-button">
          Compare
        </Link>
      </div>
      <dl className="facts">
        <Fact name="Total">{formatDuration(trace.totalNs)}</Fact>
        <Fact name="Spans">{formatCount(summary.spanCount)}</Fact>
        <Fact name="Errors" tone={summary.errorCount > 0 ? "bad" : undefined}>
          {formatCount(summary.errorCount)}
        </Fact>
        <Fact name={summary.services.length === 1 ? "Service" : "Services"}>
          {summary.services.length === 1 ? summary.services[0]?.name : formatCount(summary.services.length)}
        </Fact>
        {summary.tenantId !== null && <Fact name="Tenant">{summary.tenantId}</Fact>}
        {summary.priority !== null && <Fact name="Priority">{summary.priority}</Fact>}
        <Fact name="Started">
          <Time atMs={nanosToMs(summary.startUnixNano)} />{" "}
          <span className="muted">
            <Age atMs={nanosToMs(summary.startUnixNano)} nowMs={nowMs} />
          </span>
        </Fact>
        <Fact name="Trace id">
          <span className="copyable mono">
            {summary.traceId}
            <CopyButton text={summary.traceId} what="the trace id" />
          </span>
        </Fact>
      </dl>
      <FirstError trace={trace} onOpen={onOpen} />
      <Bottleneck trace={trace} onOpen={onOpen} />
    </header>
  );
}

function Fact({ name, tone, children }: { name: string; tone?: "bad" | undefined; children: ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd className={tone}>{children}</dd>
    </div>
  );
}

interface NoteProps {
  trace: TraceData;
  onOpen: (at: number) => void;
}

function FirstError({ trace, onOpen }: NoteProps) {
  const { summary, firstError: at } = trace.head;
  const { firstError } = summary;
  if (firstError === null || at < 0) return null;
  return (
    <p className="note note-bad">
      <Icon name="cross" />
      <span className="clip">
        First cause: <SpanLink trace={trace} at={at} onOpen={onOpen} />{" "}
        <bdi>{firstError.message.slice(0, 500)}</bdi>
      </span>
    </p>
  );
}

function Bottleneck({ trace, onOpen }: NoteProps) {
  const { bottleneck: at } = trace.analysis;
  if (at < 0) return null;
  const percent = (trace.self(at) / trace.totalNs) * 100;
  return (
    <p className="note note-warn">
      <Icon name="slow" />
      <span className="clip">
        Bottleneck: <SpanLink trace={trace} at={at} onOpen={onOpen} /> = {formatDuration(trace.self(at))} (
        {formatPercent(percent)} of total)
      </span>
      <span className="share" aria-hidden="true">
        <span style={{ width: `${Math.min(100, percent)}%` }} />
      </span>
    </p>
  );
}

function SpanLink({ trace, at, onOpen }: NoteProps & { at: number }) {
  return (
    <button type="button" className="link" onClick={() => onOpen(at)}>
      <bdi>{trace.name(at).slice(0, 200)}</bdi>
    </button>
  );
}
