import { useQuery } from "@tanstack/react-query";
import { type LogLine, readLogs } from "../api/enhancer.ts";
import { Time } from "../ui/age.tsx";
import { plural } from "../ui/format.ts";

const refreshMs = 5_000;
/** Told apart or shown otherwise; the rest of a line's fields stands behind its message. */
const told = new Set([
  "time",
  "level",
  "msg",
  "pid",
  "role",
  "ticket_id",
  "tenant_id",
  "trace_id",
  "span_id",
]);

/** What every role logged about the ticket, oldest first. */
export function LogLines({ ticketId }: { ticketId: string }) {
  const logs = useQuery({
    queryKey: ["logs", ticketId],
    queryFn: ({ signal }) => readLogs({ ticket: ticketId }, signal),
    refetchInterval: refreshMs,
  });
  return (
    <section aria-label="Logs">
      <div className="heading">
        <h2>Logs</h2>
        {logs.isSuccess && <span className="muted">{plural(logs.data.lines.length, "line")}</span>}
      </div>
      {logs.isError && <p className="muted">{logs.error.message}</p>}
      {logs.isSuccess && (
        <div className="panel logs" role="log" tabIndex={0} aria-label="Log lines">
          {logs.data.lines.map((line, at) => (
            // Lines have no id, and never change their order.
            <div key={at} className={`log log-${line.level}`}>
              <Time atMs={Date.parse(line.time)} /> <b>{line.level}</b> <span>{line.msg}</span>{" "}
              <span className="muted">{rest(line)}</span>
            </div>
          ))}
          {logs.data.lines.length === 0 && <p className="muted">No line is known of this ticket.</p>}
          <p className="muted small">{logs.data.elsewhere}</p>
        </div>
      )}
    </section>
  );
}

function rest(line: LogLine): string {
  return Object.entries(line)
    .filter(([key]) => !told.has(key))
    .map(([key, value]) => `${key}=${typeof value === "string" ? value : JSON.stringify(value)}`)
    .join(" ");
}
