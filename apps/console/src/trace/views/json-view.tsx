import { useQuery } from "@tanstack/react-query";
import { useVirtualizer } from "@tanstack/react-virtual";
import { useMemo, useRef } from "react";
import { fetchAnswer } from "../../api/http.ts";
import { CopyButton } from "../../ui/copy-button.tsx";
import { formatCount } from "../../ui/format.ts";
import { Icon } from "../../ui/icons.tsx";
import { Failed, Loading } from "../../ui/states.tsx";
import type { TraceData } from "../trace-data.ts";

/** A larger trace is tens of megabytes of text: it is downloaded, not read here. */
const spansAtMost = 5_000;
/** A line of a megabyte would stop the page. */
const lineAtMost = 2_000;
const lineHeight = 18;

/** The trace as the API has it, and in the forms that others read. */
export function JsonView({ trace, active }: { trace: TraceData; active: number }) {
  const { traceId } = trace.head.summary;
  const path = `/api/throughline/traces/${traceId}`;
  const isLarge = trace.count > spansAtMost;
  const json = useQuery({
    queryKey: ["json", traceId, trace.reading],
    queryFn: async ({ signal }) =>
      JSON.stringify(await (await fetchAnswer(path, "application/json", { signal })).json(), null, 2),
    enabled: !isLarge,
    gcTime: 0,
  });
  const span = active >= 0 ? trace.spanId(active) : undefined;
  return (
    <div className="json-view">
      <p className="view-tools">
        <Download href={path} name={`${traceId}.json`} label="Throughline's JSON" />
        <Download
          href={`/api/traces/${traceId}?prettyPrint=true`}
          name={`${traceId}.jaeger.json`}
          label="Jaeger's JSON"
        />
        <Download href={`/api/v3/traces/${traceId}`} name={`${traceId}.otlp.json`} label="OTLP JSON" />
        {json.data !== undefined && <CopyButton text={json.data} what="the JSON" />}
      </p>
      {isLarge ? (
        <p className="view-note">
          {formatCount(trace.count)} spans are too many to be read as text here: download them.
        </p>
      ) : json.data === undefined ? (
        json.isError ? (
          <Failed error={json.error} onRetry={() => void json.refetch()} />
        ) : (
          <Loading what="the JSON" />
        )
      ) : (
        <Lines text={json.data} at={span === undefined ? undefined : `"spanId": "${span}"`} />
      )}
    </div>
  );
}

function Download({ href, name, label }: { href: string; name: string; label: string }) {
  return (
    <a className="button small-button" href={href} download={name}>
      <Icon name="download" size={13} /> {label}
    </a>
  );
}

function Lines({ text, at }: { text: string; at: string | undefined }) {
  const lines = useMemo(() => text.split("\n"), [text]);
  const marked = useMemo(
    () => (at === undefined ? -1 : lines.findIndex((line) => line.includes(at))),
    [lines, at],
  );
  const scroller = useRef<HTMLDivElement>(null);
  const virtual = useVirtualizer({
    count: lines.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => lineHeight,
    overscan: 20,
    initialOffset: Math.max(0, marked - 5) * lineHeight,
  });
  return (
    <div ref={scroller} className="json-lines" tabIndex={0} role="region" aria-label="JSON of the trace">
      <div style={{ height: virtual.getTotalSize() }}>
        {virtual.getVirtualItems().map(({ index, start }) => (
          <pre
            key={index}
            className={index === marked ? "marked" : ""}
            style={{ transform: `translateY(${start}px)`, height: lineHeight }}
          >
            {(lines[index] ?? "").slice(0, lineAtMost)}
          </pre>
        ))}
      </div>
    </div>
  );
}
