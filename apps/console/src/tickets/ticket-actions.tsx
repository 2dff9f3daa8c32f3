import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import type { TicketStory } from "@throughline/api";
import type { ReactNode } from "react";
import { eraseTraces, pinTrace } from "../api/client.ts";
import { approveDraft, discardDraft, discardJob, eraseTicket, rerunJob, retryJob } from "../api/enhancer.ts";
import { whoAmI } from "../api/http.ts";
import { useConfirm } from "../ui/confirm.tsx";
import { Icon, type IconName } from "../ui/icons.tsx";
import { useToasts } from "../ui/toasts.tsx";

interface Action {
  name: string;
  icon: IconName;
  look?: "primary" | "danger-plain";
  question: ReactNode;
  isDangerous?: boolean;
  done: string;
  run: () => Promise<unknown>;
  /** The ticket is gone afterwards. */
  isEnd?: boolean;
}

/** What can be done with the ticket as it is now; each is asked for once more. */
export function TicketActions({
  tenantId,
  ticketId,
  story,
  onChange,
}: {
  tenantId: string;
  ticketId: string;
  story: TicketStory;
  onChange: () => void;
}) {
  const confirm = useConfirm();
  const { done, failed } = useToasts();
  const navigate = useNavigate();
  const me = useQuery({ queryKey: ["me"], queryFn: ({ signal }) => whoAmI(signal), staleTime: 60_000 });
  // A viewer looks; the backend refuses the rest as well.
  if (me.data === undefined || me.data.user?.role === "viewer") return null;

  async function start(action: Action): Promise<void> {
    const yes = await confirm({
      title: `${action.name}: ${ticketId}?`,
      body: action.question,
      action: action.name,
      isDangerous: action.isDangerous === true,
    });
    if (!yes) return;
    try {
      await action.run();
      done(action.done);
      if (action.isEnd === true) await navigate({ to: "/" });
      else onChange();
    } catch (error) {
      failed(`${action.name} did not work`, error);
    }
  }

  return (
    <div className="row actions" role="group" aria-label="Actions">
      {actionsOf(tenantId, ticketId, story).map((action) => (
        <button
          key={action.name}
          type="button"
          className={`button ${action.look ?? ""}`}
          onClick={() => void start(action)}
        >
          <Icon name={action.icon} /> {action.name}
        </button>
      ))}
    </div>
  );
}

function actionsOf(
  tenantId: string,
  ticketId: string,
  { ticket, jobs, enhancements }: TicketStory,
): Action[] {
  const actions: Action[] = [];
  const [job] = jobs;
  const draft = enhancements.find(({ delivery }) => delivery === "draft");
  if (draft !== undefined) {
    actions.push(
      {
        name: "Approve draft",
        icon: "check",
        look: "primary",
        question: "The note is written on the ticket, as it stands here.",
        done: "The note is written",
        run: () => approveDraft(draft.id),
      },
      {
        name: "Discard draft",
        icon: "cross",
        question: "The note is not written. It stays in the records.",
        done: "The draft is discarded",
        run: () => discardDraft(draft.id),
      },
    );
  }
  if (job?.state === "dead") {
    actions.push({
      name: "Retry",
      icon: "retry",
      look: "primary",
      question: "It goes through again, in its own trace.",
      done: "It is queued again",
      run: () => retryJob(job.id),
    });
  }
  if (job?.state === "done") {
    actions.push({
      name: "Run again",
      icon: "retry",
      question: "A new job is made, and a note is written even where one stands already.",
      done: "A new job is queued",
      run: () => rerunJob(job.id, true),
    });
  }
  if (job?.state === "dead" || job?.state === "waiting") {
    actions.push({
      name: "Discard",
      icon: "cross",
      question:
        job.state === "waiting"
          ? "Its job is taken out of the queue: no note will be written."
          : "Its dead letter goes: it cannot be retried any more.",
      isDangerous: true,
      done: "The job is discarded",
      run: () => discardJob(job.id),
    });
  }
  const traceId = ticket?.traceId ?? null;
  if (traceId !== null) {
    actions.push({
      name: "Pin",
      icon: "pin",
      question: "Its trace is kept, whatever retention says.",
      done: "Its trace is pinned",
      run: () => pinTrace(traceId),
    });
  }
  actions.push({
    name: "Erase",
    icon: "bin",
    look: "danger-plain",
    question:
      "Its jobs, its records, its notes here and its traces go for good. The note on the desk stays, and so do log lines until their time is over.",
    isDangerous: true,
    isEnd: true,
    done: `${ticketId} is erased`,
    run: async () => {
      await eraseTicket(tenantId, ticketId);
      await eraseTraces({ tenant: tenantId, ticket: ticketId });
    },
  });
  return actions;
}
