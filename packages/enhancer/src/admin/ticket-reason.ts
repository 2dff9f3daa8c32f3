import type { EnhancementView, JobView, QueueStatus, TicketReason } from "@throughline/api";

/** What the reason is found from. */
export interface TicketFacts {
  /** Newest first. */
  jobs: readonly JobView[];
  /** Newest first. */
  enhancements: readonly EnhancementView[];
  queue: QueueStatus;
  /** The tenant's jobs that wait, up to `countedAtMost` of them. */
  waiting: readonly JobView[];
  countedAtMost: number;
  nowMs: number;
}

const priorities = ["critical", "high", "medium", "low"];
const nothing = { place: null, waiting: null, until: null };

/** Why a ticket has no note yet or will get none, or where its note is: in the order in which one would ask. */
export function reasonOf(facts: TicketFacts): TicketReason {
  const live = facts.jobs.find(({ state }) => state === "waiting" || state === "active");
  if (live?.state === "active")
    return {
      ...nothing,
      code: "running",
      text: `An attempt is under way, its ${ordinal(live.attempts + 1)}.`,
    };
  if (live !== undefined) return whyWaiting(live, facts);
  const [newest] = facts.enhancements;
  if (newest !== undefined) return whyEnded(newest, facts.jobs);
  const [job] = facts.jobs;
  if (job !== undefined)
    return {
      ...nothing,
      code: "failed",
      text: job.reason ?? "Its job ended, and what it did is kept no longer.",
    };
  return {
    ...nothing,
    code: "unknown",
    text: "No job and no record is known of this ticket: no webhook of it was taken, or what was kept of it has been deleted since.",
  };
}

function whyWaiting(job: JobView, { queue, waiting, countedAtMost, nowMs }: TicketFacts): TicketReason {
  const tenants = waiting.length < countedAtMost ? waiting.length : null;
  const ahead = waiting.filter((one) => one.id !== job.id && comesBefore(one, job, nowMs)).length;
  const place = waiting.length < countedAtMost ? ahead + 1 : null;
  const common = { place, waiting: tenants, until: null };
  if (queue.paused)
    return {
      ...common,
      code: "paused",
      text: "The queue is paused: `throughline queue resume` lets it go on.",
    };
  if (queue.pausedTenants.includes(job.tenantId))
    return {
      ...common,
      code: "paused",
      text: `The tenant's jobs are paused: \`throughline queue resume --tenant ${job.tenantId}\` lets them go on.`,
    };
  const held = queue.heldTenants.find(({ tenantId }) => tenantId === job.tenantId);
  if (held !== undefined)
    return {
      ...common,
      code: "held",
      until: held.until,
      text: `The tenant's desk or model asked to come later.${because(job)}`,
    };
  if (Date.parse(job.availableAt) > nowMs)
    return {
      ...nothing,
      code: "delayed",
      until: job.availableAt,
      text: `It waits for its ${ordinal(job.attempts + 1)} attempt.${because(job)}`,
    };
  const others = tenants === null || tenants < 2 ? "" : ` of ${tenants} of its tenant`;
  return {
    ...common,
    code: "queued",
    text: place === null ? "It waits in a long queue." : `It is still queued, at place ${place}${others}.`,
  };
}

/** Urgent ones first, then old ones first; what may not be taken yet comes after. */
function comesBefore(one: JobView, other: JobView, nowMs: number): boolean {
  if (Date.parse(one.availableAt) > nowMs) return false;
  const rank = priorities.indexOf(one.priority) - priorities.indexOf(other.priority);
  return rank < 0 || (rank === 0 && one.enqueuedAt < other.enqueuedAt);
}

function because({ reason }: JobView): string {
  return reason === null ? "" : ` ${reason}`;
}

function whyEnded(newest: EnhancementView, jobs: readonly JobView[]): TicketReason {
  const told = newest.reason ?? undefined;
  switch (newest.delivery) {
    case "written":
      return { ...nothing, code: "written", text: told ?? "Its note is written." };
    case "draft":
    case "approving":
      return { ...nothing, code: "draft", text: "Its note waits for approval." };
    case "discarded":
      return {
        ...nothing,
        code: "discarded",
        text: `Its draft was discarded${newest.decidedBy === null ? "" : ` by ${newest.decidedBy}`}.`,
      };
    case "shadow":
      return { ...nothing, code: "shadow", text: "The tenant's notes are kept and not written (shadow)." };
    case "none":
      break;
  }
  if (newest.status === "skipped")
    return { ...nothing, code: "skipped", text: told ?? "No note was wanted." };
  const isDead = jobs.some(({ id, state }) => id === newest.jobId && state === "dead");
  const end = isDead ? " It is not tried again by itself." : "";
  return { ...nothing, code: "failed", text: `${told ?? "The last attempt failed."}${end}` };
}

function ordinal(n: number): string {
  const ending = n % 100 >= 11 && n % 100 <= 13 ? "th" : ({ 1: "st", 2: "nd", 3: "rd" }[n % 10] ?? "th");
  return `${n}${ending}`;
}
