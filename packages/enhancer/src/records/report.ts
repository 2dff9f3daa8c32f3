import type { WeekReport } from "@throughline/api";
import type { EnhancementRow, EnhancerDatabase } from "../database/schema.ts";

const dayMs = 86_400_000;
const rowsPerRead = 5_000;

interface Week {
  counts: Record<EnhancementRow["status"], number>;
  totals: number[];
  costUsd: number;
  tokens: { input: number; output: number; cached: number };
  up: number;
  down: number;
}

/** A tenant's weeks (Monday to Sunday, UTC), the present one last; one line for each, also where nothing happened. */
export async function reportOf(
  database: EnhancerDatabase,
  tenantId: string,
  weeksBack: number,
  nowMs: number = Date.now(),
): Promise<WeekReport[]> {
  const first = mondayOf(nowMs) - (weeksBack - 1) * 7 * dayMs;
  const weeks = new Map<number, Week>();
  for (let at = first; at <= nowMs; at += 7 * dayMs) weeks.set(at, emptyWeek());
  await addAttempts(database, tenantId, first, weeks);
  await addFeedback(database, tenantId, first, weeks);
  return [...weeks].map(([monday, week]) => lineOf(monday, week));
}

/** Each job counts once, by its last attempt; money and tokens of all attempts count. */
async function addAttempts(
  database: EnhancerDatabase,
  tenantId: string,
  sinceMs: number,
  weeks: ReadonlyMap<number, Week>,
): Promise<void> {
  let after = { createdAt: sinceMs - 1, id: "" };
  for (;;) {
    const rows = await database
      .selectFrom("enhancements as e")
      .select([
        "id",
        "created_at",
        "status",
        "latency",
        "cost_usd",
        "input_tokens",
        "output_tokens",
        "cached_tokens",
      ])
      .select((eb) =>
        eb
          .exists(
            eb
              .selectFrom("enhancements as later")
              .select("later.id")
              .whereRef("later.tenant_id", "=", "e.tenant_id")
              .whereRef("later.ticket_id", "=", "e.ticket_id")
              .whereRef("later.job_id", "=", "e.job_id")
              .whereRef("later.attempt", ">", "e.attempt"),
          )
          .as("hasLater"),
      )
      .where("tenant_id", "=", tenantId)
      .where((eb) =>
        eb.or([
          eb("created_at", ">", after.createdAt),
          eb.and([eb("created_at", "=", after.createdAt), eb("id", ">", after.id)]),
        ]),
      )
      .orderBy("created_at")
      .orderBy("id")
      .limit(rowsPerRead)
      .execute();
    for (const row of rows) {
      const week = weeks.get(mondayOf(row.created_at));
      if (week === undefined) continue;
      week.costUsd += row.cost_usd ?? 0;
      week.tokens.input += row.input_tokens ?? 0;
      week.tokens.output += row.output_tokens ?? 0;
      week.tokens.cached += row.cached_tokens ?? 0;
      if (Number(row.hasLater) !== 0) continue;
      week.counts[row.status]++;
      const { total } = JSON.parse(row.latency) as { total?: number };
      if (row.status !== "skipped" && total !== undefined) week.totals.push(total);
    }
    const last = rows.at(-1);
    if (last === undefined || rows.length < rowsPerRead) return;
    after = { createdAt: last.created_at, id: last.id };
  }
}

async function addFeedback(
  database: EnhancerDatabase,
  tenantId: string,
  sinceMs: number,
  weeks: ReadonlyMap<number, Week>,
): Promise<void> {
  const rows = await database
    .selectFrom("feedback")
    .select(["rating", "created_at"])
    .where("tenant_id", "=", tenantId)
    .where("created_at", ">=", sinceMs)
    .execute();
  for (const { rating, created_at: at } of rows) {
    const week = weeks.get(mondayOf(at));
    if (week !== undefined) week[rating]++;
  }
}

function lineOf(monday: number, { counts, totals, costUsd, tokens, up, down }: Week): WeekReport {
  const wanted = counts.success + counts.partial + counts.failed;
  const sorted = totals.toSorted((a, b) => a - b);
  const quantile = (share: number) =>
    sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? null;
  return {
    week: new Date(monday).toISOString().slice(0, 10),
    tickets: wanted + counts.skipped,
    ...counts,
    successRate: wanted === 0 ? null : (counts.success + counts.partial) / wanted,
    p50Ms: quantile(0.5),
    p95Ms: quantile(0.95),
    costUsd: Number(costUsd.toFixed(9)),
    inputTokens: tokens.input,
    outputTokens: tokens.output,
    cachedTokens: tokens.cached,
    thumbsUp: up,
    thumbsDown: down,
    helpfulness: up + down === 0 ? null : up / (up + down),
  };
}

function emptyWeek(): Week {
  return {
    counts: { success: 0, partial: 0, skipped: 0, failed: 0 },
    totals: [],
    costUsd: 0,
    tokens: { input: 0, output: 0, cached: 0 },
    up: 0,
    down: 0,
  };
}

/** Midnight (UTC) of the week's Monday. */
function mondayOf(time: number): number {
  const day = Math.floor(time / dayMs);
  // Day 0 was a Thursday.
  return (day - ((day + 3) % 7)) * dayMs;
}
