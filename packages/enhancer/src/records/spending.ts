import { sql } from "kysely";
import type { EnhancerDatabase } from "../database/schema.ts";
import type { Amount, BudgetKeeper, CapReached, Caps, Reservation } from "../llm/budget.ts";
import type { TicketRef } from "../span.ts";
import type { Cap } from "../ticket.ts";

const nano = 1e9;
const unlimited = Number.MAX_SAFE_INTEGER;
/** Counters of tickets and days are of no use any more after this. */
const keptMs = 40 * 86_400_000;

interface Counter {
  nano_usd: number;
  tokens: number;
}

/**
 * What tenants spend on models, by ticket and by day (UTC): counters in the database. A reservation is one conditional statement, so
 * that several workers never pass a cap together; a worker that dies leaves its reservation counted.
 */
export class Spending implements BudgetKeeper {
  private readonly database: EnhancerDatabase;
  private readonly now: () => number;

  constructor(database: EnhancerDatabase, now: () => number = Date.now) {
    this.database = database;
    this.now = now;
  }

  async reserve(ticket: TicketRef, caps: Caps, amount: Amount): Promise<Reservation | CapReached> {
    const day = new Date(this.now()).toISOString().slice(0, 10);
    const scopes = [
      { scope: `ticket:${ticket.ticketId}`, usd: caps.ticketUsd, tokens: caps.ticketTokens, name: "ticket" },
      { scope: day, usd: caps.dayUsd, tokens: caps.dayTokens, name: "day" },
    ] as const;
    const counters: Counter[] = [];
    for (const [at, { scope, usd, tokens, name }] of scopes.entries()) {
      const counter = await this.take(ticket.tenantId, scope, amount, usd, tokens);
      if (counter !== undefined) {
        counters.push(counter);
        continue;
      }
      for (const taken of scopes.slice(0, at)) await this.add(ticket.tenantId, taken.scope, negative(amount));
      return { reached: await this.whichCap(ticket.tenantId, scope, amount, usd, name) };
    }
    const left = (spent: Counter[]) => remaining(spent, [caps.ticketUsd, caps.dayUsd]);
    return {
      remainingUsd: left(counters),
      settle: async (spent) => {
        const change = { usd: spent.usd - amount.usd, tokens: spent.tokens - amount.tokens };
        const after: Counter[] = [];
        for (const { scope } of scopes) after.push(await this.add(ticket.tenantId, scope, change));
        return left(after);
      },
    };
  }

  /** What a tenant spent on a day, `2026-11-24`. */
  async spentOn(tenantId: string, day: string): Promise<Amount> {
    const row = await this.database
      .selectFrom("model_spending")
      .select(["nano_usd", "tokens"])
      .where("tenant_id", "=", tenantId)
      .where("scope", "=", day)
      .executeTakeFirst();
    return { usd: (row?.nano_usd ?? 0) / nano, tokens: row?.tokens ?? 0 };
  }

  /** What each of these tenants spent on a day; those that spent nothing are not there. */
  async spentByTenant(tenantIds: readonly string[], day: string): Promise<Map<string, Amount>> {
    if (tenantIds.length === 0) return new Map();
    const rows = await this.database
      .selectFrom("model_spending")
      .select(["tenant_id", "nano_usd", "tokens"])
      .where("tenant_id", "in", tenantIds)
      .where("scope", "=", day)
      .execute();
    return new Map(rows.map((row) => [row.tenant_id, { usd: row.nano_usd / nano, tokens: row.tokens }]));
  }

  async prune(): Promise<void> {
    await this.database
      .deleteFrom("model_spending")
      .where("updated_at", "<", this.now() - keptMs)
      .execute();
  }

  /** The counter after the amount was added; undefined where that would pass a cap. */
  private async take(
    tenantId: string,
    scope: string,
    amount: Amount,
    capUsd: number | null,
    capTokens: number | null,
  ): Promise<Counter | undefined> {
    const usdAtMost = capUsd === null ? unlimited : nanoOf(capUsd);
    const tokensAtMost = capTokens ?? unlimited;
    if (nanoOf(amount.usd) > usdAtMost || amount.tokens > tokensAtMost) return undefined;
    return this.database
      .insertInto("model_spending")
      .values(this.rowOf(tenantId, scope, amount))
      .onConflict((conflict) =>
        conflict
          .columns(["tenant_id", "scope"])
          .doUpdateSet(added)
          .where(sql<boolean>`model_spending.nano_usd + excluded.nano_usd <= ${usdAtMost}`)
          .where(sql<boolean>`model_spending.tokens + excluded.tokens <= ${tokensAtMost}`),
      )
      .returning(["nano_usd", "tokens"])
      .executeTakeFirst();
  }

  private add(tenantId: string, scope: string, amount: Amount): Promise<Counter> {
    return this.database
      .insertInto("model_spending")
      .values(this.rowOf(tenantId, scope, amount))
      .onConflict((conflict) => conflict.columns(["tenant_id", "scope"]).doUpdateSet(added))
      .returning(["nano_usd", "tokens"])
      .executeTakeFirstOrThrow();
  }

  private rowOf(tenantId: string, scope: string, { usd, tokens }: Amount) {
    return {
      tenant_id: tenantId,
      scope,
      nano_usd: nanoOf(usd),
      tokens,
      updated_at: this.now(),
    };
  }

  private async whichCap(
    tenantId: string,
    scope: string,
    amount: Amount,
    capUsd: number | null,
    name: "ticket" | "day",
  ): Promise<Cap> {
    const spent = await this.spentOn(tenantId, scope);
    const isMoney = capUsd !== null && spent.usd + amount.usd > capUsd;
    return isMoney ? `${name}Usd` : `${name}Tokens`;
  }
}

const added = {
  nano_usd: sql<number>`model_spending.nano_usd + excluded.nano_usd`,
  tokens: sql<number>`model_spending.tokens + excluded.tokens`,
  updated_at: sql<number>`excluded.updated_at`,
};

function remaining(counters: readonly Counter[], caps: readonly (number | null)[]): number | undefined {
  const left = caps.flatMap((cap, at) => {
    const counter = counters[at];
    return cap === null || counter === undefined ? [] : [Math.max(0, nanoOf(cap) - counter.nano_usd) / nano];
  });
  return left.length === 0 ? undefined : Math.min(...left);
}

/** Rounded up: a call is never free because it is small. */
function nanoOf(usd: number): number {
  return Math.ceil(Number((usd * nano).toPrecision(12)));
}

function negative({ usd, tokens }: Amount): Amount {
  return { usd: -usd, tokens: -tokens };
}
