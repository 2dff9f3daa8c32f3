import type { TraceView } from "@throughline/api";
import type { ReactNode } from "react";
import { Age, Time } from "../ui/age.tsx";
import { CopyButton } from "../ui/copy-button.tsx";
import { formatCount, formatDuration, formatPercent, nanosToMs } from "../ui/format.ts";
import { Icon } from "../ui/icons.tsx";
import { StatusChips } from "../ui/status-chip.tsx";

/** What the trace was, how it ended, and what to look at first. */
export function TraceHead({
  trace,
  nowMs,
  isOpen,
  onOpen,
}: {
  trace: TraceView;
  nowMs: number;
  isOpen: boolean;
  onOpen: (spanId: string) => void;
}) {
  const { summary } = trace;
  const command = `npx throughline trace ${summary.ticketId ?? summary.traceId}`;
  return (
    <header className="trace-head">
      <div className="heading">
        <h1>{summary.ticketId ?? summary.rootOperation}</h1>
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
        <a
          className="button small-button"
          href={`/api/traces/${summary.traceId}?prettyPrint=true`}
          target="_blank"
          rel="noreferrer"
        >
          JSON
        </a>
      </div>
      <dl className="facts">
        <Fact name="Total">{formatDuration(summary.durationNs)}</Fact>
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
  trace: TraceView;
  onOpen: (spanId: string) => void;
}

function FirstError({ trace: { summary, spans }, onOpen }: NoteProps) {
  const { firstError } = summary;
  if (firstError === null) return null;
  const failed = spans.findLast((span) => span.status === "error" && span.name === firstError.spanName);
  return (
    <p className="note note-bad">
      <Icon name="cross" />
      <span>
        <SpanLink name={firstError.spanName} spanId={failed?.spanId} onOpen={onOpen} /> {firstError.message}
      </span>
    </p>
  );
}

function Bottleneck({ trace: { bottleneck }, onOpen }: NoteProps) {
  if (bottleneck === null) return null;
  return (
    <p className="note note-warn">
      <Icon name="slow" />
      <span>
        Bottleneck: <SpanLink name={bottleneck.name} spanId={bottleneck.spanId} onOpen={onOpen} />,{" "}
        {formatDuration(bottleneck.selfNs)} = {formatPercent(bottleneck.percent)} of the trace
      </span>
      <span className="share" aria-hidden="true">
        <span style={{ width: `${Math.min(100, bottleneck.percent)}%` }} />
      </span>
    </p>
  );
}

function SpanLink({
  name,
  spanId,
  onOpen,
}: {
  name: string;
  spanId: string | undefined;
  onOpen: (spanId: string) => void;
}) {
  if (spanId === undefined) return <b>{name}</b>;
  return (
    <button type="button" className="link" onClick={() => onOpen(spanId)}>
      {name}
    </button>
  );
}
