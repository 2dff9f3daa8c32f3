import { existsSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { BugEntry } from "./changelogs.ts";

interface Where {
  desk: string;
  console: string;
  admin: string;
  /** For the admin API. */
  token: string;
  deskKey: string;
  /** What was imported as history. */
  kept: readonly BugEntry[];
  /** The folder that was imported as documents. */
  documents: string;
}

interface Verdict {
  ticket: string;
  package: string;
  status: string;
  notes: number;
  cited: number;
  unresolved: string[];
  /** The note cites a resolved ticket of the same package. */
  samePackage: boolean;
  spans: number;
  complete: boolean;
  ms: number;
}

const spansOfATicket = [
  "POST /webhook/servicedesk",
  "job_queued",
  "enhance_ticket",
  "context_gathering",
  "context.ticket_history",
  "context.documentation",
  "context.ip_lookup",
  "llm.openai.completion",
  "api.servicedesk_plus.update_ticket",
];

/** Waits for each ticket's end, then reads note and trace as anybody could. */
export async function checkTickets(
  held: readonly BugEntry[],
  where: Where,
): Promise<{ ok: boolean; text: string }> {
  const packageOf = new Map(where.kept.map((entry) => [`DEB-${entry.bug}`, entry.package]));
  const verdicts: Verdict[] = [];
  for (const entry of held) verdicts.push(await checkTicket(entry, where, packageOf));
  const good = verdicts.filter(
    ({ notes, unresolved, complete, status }) =>
      notes === 1 && unresolved.length === 0 && complete && status === "success",
  );
  const citing = verdicts.filter(({ cited }) => cited > 0);
  const lines = [
    "| ticket | package | status | notes | citations | same package | spans | ms |",
    "|---|---|---|---|---|---|---|---|",
    ...verdicts.map(
      (v) =>
        `| ${v.ticket} | ${v.package} | ${v.status} | ${v.notes} | ${v.cited}${v.unresolved.length > 0 ? ` (${v.unresolved.join(", ")} unresolved)` : ""} | ${v.samePackage ? "yes" : "no"} | ${v.spans}${v.complete ? "" : " incomplete"} | ${v.ms} |`,
    ),
    "",
    `tickets ${verdicts.length}, ended with exactly one note ${verdicts.filter(({ notes }) => notes === 1).length}, with one complete trace ${verdicts.filter(({ complete }) => complete).length}`,
    `citations ${sum(verdicts, "cited")}, unresolved ${verdicts.flatMap(({ unresolved }) => unresolved).length}, notes that cite something ${citing.length}, a ticket of the same package ${verdicts.filter(({ samePackage }) => samePackage).length}`,
    `milliseconds a ticket: median ${median(verdicts.map(({ ms }) => ms))}, most ${Math.max(...verdicts.map(({ ms }) => ms))}`,
  ];
  return { ok: good.length === held.length, text: lines.join("\n") };
}

async function checkTicket(
  entry: BugEntry,
  where: Where,
  packageOf: ReadonlyMap<string, string>,
): Promise<Verdict> {
  const ticket = `DEB-${entry.bug}`;
  const job = await jobOf(ticket, where);
  const answer = (await getJson(`${where.desk}/api/v3/requests/${ticket}/notes`, {
    authtoken: where.deskKey,
  })) as { notes: { description: string }[] };
  const html = answer.notes[0]?.description ?? "";
  const sources = [...html.matchAll(/<li>(Ticket|Document|System) (.+?): /g)].map(([, kind, id]) => ({
    kind: kind ?? "",
    id: unescape(id ?? ""),
  }));
  const numbers = [...html.matchAll(/\[(\d+)\]/g)].map(([, number]) => Number(number));
  const unresolved = [
    ...numbers.filter((number) => number < 1 || number > sources.length).map((number) => `[${number}]`),
    ...sources.filter(({ kind, id }) => !isImported(kind, id, where, packageOf)).map(({ id }) => id),
  ];
  const { names, durationMs, traces } = await traceOf(ticket, job.traceId, where.console);
  return {
    ticket,
    package: entry.package,
    status: job.status ?? job.state,
    notes: answer.notes.length,
    cited: numbers.length,
    unresolved,
    samePackage: sources.some(({ id }) => packageOf.get(id) === entry.package),
    spans: names.length,
    complete:
      traces === 1 && spansOfATicket.every((name) => names.filter((found) => found === name).length === 1),
    ms: Math.round(durationMs),
  };
}

function isImported(
  kind: string,
  id: string,
  { documents }: Where,
  packageOf: ReadonlyMap<string, string>,
): boolean {
  if (kind === "Ticket") return packageOf.has(id);
  return kind === "Document" && existsSync(join(documents, "..", id.replace(/#.*$/, "")));
}

async function jobOf(
  ticket: string,
  { admin, token }: Where,
): Promise<{ state: string; status: string | null; traceId: string }> {
  for (let tries = 0; tries < 600; tries++) {
    const { jobs } = (await getJson(`${admin}/admin/api/jobs?ticket=${ticket}`, {
      authorization: `Bearer ${token}`,
    })) as {
      jobs: { state: string; status: string | null; traceId: string }[];
    };
    const job = jobs[0];
    if (job !== undefined && (job.state === "done" || job.state === "dead")) return job;
    await sleep(100);
  }
  throw new Error(`${ticket} did not end within a minute`);
}

async function traceOf(ticket: string, traceId: string, console: string) {
  for (let tries = 0; ; tries++) {
    const { data } = (await getJson(`${console}/api/traces/${traceId}`).catch(() => ({ data: [] }))) as {
      data: { spans: { operationName: string; startTime: number; duration: number }[] }[];
    };
    const spans = data[0]?.spans ?? [];
    const isWhole =
      spans.some(({ operationName }) => operationName === "enhance_ticket") &&
      spans.some(({ operationName }) => operationName === "job_queued");
    if (!isWhole && tries < 100) {
      await sleep(100);
      continue;
    }
    const tags = encodeURIComponent(JSON.stringify({ "ticket.id": ticket }));
    const found = (await getJson(`${console}/api/traces?service=ai-agents-enhancement&tags=${tags}`)) as {
      data: unknown[];
    };
    const end = Math.max(...spans.map(({ startTime, duration }) => startTime + duration));
    const durationMs = (end - Math.min(...spans.map(({ startTime }) => startTime))) / 1_000;
    return { names: spans.map(({ operationName }) => operationName), durationMs, traces: found.data.length };
  }
}

async function getJson(url: string, headers: Record<string, string> = {}): Promise<unknown> {
  const response = await fetch(url, { headers });
  if (!response.ok) throw new Error(`${url} answered ${response.status}`);
  return response.json();
}

function unescape(text: string): string {
  return text.replace(/&#(\d+);/g, (_, code: string) => String.fromCharCode(Number(code)));
}

function sum(verdicts: readonly Verdict[], key: "cited"): number {
  return verdicts.reduce((total, verdict) => total + verdict[key], 0);
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}
