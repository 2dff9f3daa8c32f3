import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import type { TicketReason } from "@throughline/api";
import { readTrace } from "../api/client.ts";
import { ApiError } from "../api/http.ts";
import { Time } from "../ui/age.tsx";
import { Icon, type IconName } from "../ui/icons.tsx";
import { useShortcuts } from "../ui/shortcuts.tsx";

const looks: Readonly<Record<TicketReason["code"], { tone: string; icon: IconName; title: string }>> = {
  written: { tone: "good", icon: "check", title: "The note is on the ticket" },
  draft: { tone: "warn", icon: "pen", title: "A draft waits for approval" },
  discarded: { tone: "dim", icon: "bin", title: "The draft was discarded" },
  shadow: { tone: "dim", icon: "eye", title: "Kept, not written" },
  queued: { tone: "busy", icon: "slow", title: "Still queued" },
  delayed: { tone: "busy", icon: "slow", title: "Waiting for another attempt" },
  paused: { tone: "warn", icon: "slow", title: "Paused" },
  held: { tone: "warn", icon: "slow", title: "Held back" },
  running: { tone: "busy", icon: "dot", title: "Under way" },
  skipped: { tone: "dim", icon: "dash", title: "No note was wanted" },
  failed: { tone: "bad", icon: "cross", title: "Failed" },
  unknown: { tone: "dim", icon: "dash", title: "Unknown" },
};

/** Why the ticket has no note, or where the note is; and what its trace names as the first cause. */
export function Cause({
  reason,
  traceId,
  isFailed,
  isSampled = null,
}: {
  reason: TicketReason;
  traceId: string | null;
  isFailed: boolean;
  /** Of its newest job; null where it is not known. */
  isSampled?: boolean | null;
}) {
  const navigate = useNavigate();
  const { tone, icon, title } = looks[reason.code];
  const trace = useQuery({
    queryKey: ["trace", traceId],
    queryFn: ({ signal }) => readTrace(traceId ?? "", signal),
    enabled: traceId !== null,
  });
  const missing = trace.error instanceof ApiError && trace.error.status === 404 ? trace.error : undefined;
  const open = () => {
    if (traceId !== null) void navigate({ to: "/trace/$traceId", params: { traceId } });
  };
  useShortcuts("Ticket", traceId === null ? [] : [{ keys: "t", does: "Open its trace", run: open }]);
  const failing = isFailed ? trace.data?.summary.firstError : undefined;
  const span =
    failing === undefined
      ? undefined
      : trace.data?.spans.find((one) => one.name === failing?.spanName && one.status === "error");
  const bottleneck = trace.data?.bottleneck;
  return (
    <section className={`cause cause-${tone}`} aria-label={`Why: ${title}`}>
      <Icon name={icon} size={20} />
      <div className="grow">
        <h2>{title}</h2>
        <p className="cause-text">{reason.text}</p>
        {reason.until !== null && (
          <p>
            It goes on by itself at <Time atMs={Date.parse(reason.until)} />.
          </p>
        )}
        {failing !== undefined && failing !== null && (
          <p>
            First cause: the span <b>{failing.spanName}</b>
            {failing.message !== "" && !reason.text.includes(failing.message) && `: ${failing.message}`}
          </p>
        )}
        {bottleneck !== undefined && bottleneck !== null && !isFailed && (
          <p className="muted">
            Most of its time went into <b>{bottleneck.name}</b>, {Math.round(bottleneck.percent)} %.
          </p>
        )}
        {missing !== undefined && <p>{whyNoTrace(missing, isSampled)}</p>}
      </div>
      {traceId !== null && missing === undefined && (
        <Link
          to="/trace/$traceId"
          params={{ traceId }}
          {...(span === undefined ? {} : { search: { span: span.spanId } })}
          className="button"
          aria-keyshortcuts="t"
        >
          Open its trace <Icon name="chevron" />
        </Link>
      )}
    </section>
  );
}

/** The backend's words say what retention deleted, where it did. */
function whyNoTrace(error: ApiError, isSampled: boolean | null): string {
  if (isSampled === false)
    return "Its trace is not stored: it was not sampled. Of those, only tickets that fail, are partial or slow have one.";
  if (error.message.includes("retention")) return `Its trace is not stored. ${error.message}`;
  const other = isSampled === null ? "it was not sampled, or its" : "its";
  return `Its trace is not stored: ${other} spans are still on their way, or were lost or erased.`;
}
