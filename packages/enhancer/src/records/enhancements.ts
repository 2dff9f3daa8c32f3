import { ThroughlineError } from "@throughline/api";
import { sql } from "kysely";
import { createHash } from "node:crypto";
import type { DirectStatements } from "../database/direct-statements.ts";
import type { EnhancementRow, EnhancerDatabase } from "../database/schema.ts";
import type { Ticket } from "../ticket.ts";

/** Rows that wait for one statement; SQLite takes 32,766 variables. */
const rowsPerInsert = 500;

const noting = ["written", "draft", "approving"] as const;
const notingOrShadow = [...noting, "shadow"] as const;

/** Records in a file. */
export interface DirectAccess {
  statements: DirectStatements;
  /** Whether the queue commits through the same statements. */
  holdQueue: boolean;
}

export interface EnhancementFilter {
  tenantId?: string | undefined;
  ticketId?: string | undefined;
  status?: EnhancementRow["status"] | undefined;
  delivery?: EnhancementRow["delivery"] | undefined;
  /** Created before this one: the page after it. */
  before?: { createdAt: number; id: string } | undefined;
  sinceMs?: number | undefined;
  /** Created before this. */
  untilMs?: number | undefined;
  /** Only those whose attempt wrote a note, whatever became of it. */
  hasNote?: boolean | undefined;
  limit: number;
}

/** What was done with each ticket: kept for people, reports and evaluation, until retention or an erasure takes it. */
export class EnhancementRecords {
  private readonly database: EnhancerDatabase;
  private readonly direct: DirectAccess | undefined;
  private pending: { row: EnhancementRow; resolve: () => void; reject: (error: unknown) => void }[] = [];

  constructor(database: EnhancerDatabase, direct?: DirectAccess) {
    this.database = database;
    this.direct = direct;
  }

  /** Resolves once the row is durable; rows of one turn of the event loop share one fsync. */
  add(row: EnhancementRow): Promise<void> {
    if (this.direct !== undefined) return insertDirectly(this.direct.statements, row);
    return new Promise((resolve, reject) => {
      this.pending.push({ row, resolve, reject });
      if (this.pending.length === 1) setImmediate(() => void this.flush());
    });
  }

  /** As `add`, and then the end of the job that the row tells of; in one commit where the queue is in the same file. */
  async addThen(row: EnhancementRow, end: () => Promise<void>): Promise<void> {
    if (this.direct?.holdQueue === true) {
      await Promise.all([this.add(row), end()]);
      return;
    }
    await this.add(row);
    await end();
  }

  async find(id: string): Promise<EnhancementRow | undefined> {
    return this.database.selectFrom("enhancements").selectAll().where("id", "=", id).executeTakeFirst();
  }

  /** Throws TL_ENHANCEMENT_NOT_FOUND. */
  async get(id: string): Promise<EnhancementRow> {
    const row = await this.find(id);
    if (row === undefined)
      throw new ThroughlineError("TL_ENHANCEMENT_NOT_FOUND", `There is no enhancement "${id}".`);
    return row;
  }

  /** Newest first. */
  async list(filter: EnhancementFilter): Promise<EnhancementRow[]> {
    const { tenantId, ticketId, status, delivery, before, sinceMs, untilMs, hasNote, limit } = filter;
    let query = this.database
      .selectFrom("enhancements")
      .selectAll()
      .orderBy("created_at", "desc")
      .orderBy("id", "desc")
      .limit(limit);
    if (tenantId !== undefined) query = query.where("tenant_id", "=", tenantId);
    if (ticketId !== undefined) query = query.where("ticket_id", "=", ticketId);
    if (status !== undefined) query = query.where("status", "=", status);
    if (delivery !== undefined) query = query.where("delivery", "=", delivery);
    if (sinceMs !== undefined) query = query.where("created_at", ">=", sinceMs);
    if (untilMs !== undefined) query = query.where("created_at", "<", untilMs);
    if (hasNote === true) query = query.where("note", "is not", null);
    if (before !== undefined)
      query = query.where((eb) =>
        eb.or([
          eb("created_at", "<", before.createdAt),
          eb.and([eb("created_at", "=", before.createdAt), eb("id", "<", before.id)]),
        ]),
      );
    return query.execute();
  }

  /** Whether the ticket has its note, or a draft of it that waits. */
  async isNoted(
    tenantId: string,
    ticketId: string,
    { withShadows = false }: { withShadows?: boolean } = {},
  ): Promise<boolean> {
    const deliveries = withShadows ? notingOrShadow : noting;
    if (this.direct !== undefined)
      return (
        this.direct.statements.get(isNotedSql(deliveries), tenantId, ticketId, ...deliveries) !== undefined
      );
    const row = await this.database
      .selectFrom("enhancements")
      .select("id")
      .where("tenant_id", "=", tenantId)
      .where("ticket_id", "=", ticketId)
      .where("delivery", "in", deliveries)
      .limit(1)
      .executeTakeFirst();
    return row !== undefined;
  }

  /** Moves a note on, where it still is as it was thought to be; the row after that, or undefined. */
  async move(
    id: string,
    from: { delivery: EnhancementRow["delivery"]; decidedBefore?: number },
    to: Partial<EnhancementRow> & Pick<EnhancementRow, "delivery">,
  ): Promise<EnhancementRow | undefined> {
    let query = this.database
      .updateTable("enhancements")
      .set(to)
      .where("id", "=", id)
      .where("delivery", "=", from.delivery);
    if (from.decidedBefore !== undefined) query = query.where("decided_at", "<", from.decidedBefore);
    return query.returningAll().executeTakeFirst();
  }

  /** Forgets a ticket, what people thought of its notes and what it cost. Returns how many enhancements went. */
  eraseTicket(tenantId: string, ticketId: string): Promise<number> {
    return this.database.transaction().execute(async (transaction) => {
      await transaction
        .deleteFrom("feedback")
        .where("tenant_id", "=", tenantId)
        .where("ticket_id", "=", ticketId)
        .execute();
      await transaction
        .deleteFrom("model_spending")
        .where("tenant_id", "=", tenantId)
        .where("scope", "=", `ticket:${ticketId}`)
        .execute();
      const { numDeletedRows } = await transaction
        .deleteFrom("enhancements")
        .where("tenant_id", "=", tenantId)
        .where("ticket_id", "=", ticketId)
        .executeTakeFirstOrThrow();
      return Number(numDeletedRows);
    });
  }

  /** Forgets everything of a tenant, its spending too. Returns how many enhancements went. */
  eraseTenant(tenantId: string): Promise<number> {
    return this.database.transaction().execute(async (transaction) => {
      for (const table of ["feedback", "model_spending"] as const)
        await transaction.deleteFrom(table).where("tenant_id", "=", tenantId).execute();
      const { numDeletedRows } = await transaction
        .deleteFrom("enhancements")
        .where("tenant_id", "=", tenantId)
        .executeTakeFirstOrThrow();
      return Number(numDeletedRows);
    });
  }

  /** Deletes what a tenant keeps no longer; drafts that wait stay. Returns how many enhancements went. */
  async prune(tenantId: string, beforeMs: number): Promise<number> {
    await this.database
      .deleteFrom("feedback")
      .where("tenant_id", "=", tenantId)
      .where("created_at", "<", beforeMs)
      .execute();
    const { numDeletedRows } = await this.database
      .deleteFrom("enhancements")
      .where("tenant_id", "=", tenantId)
      .where("created_at", "<", beforeMs)
      .where("delivery", "not in", ["draft", "approving"])
      .executeTakeFirstOrThrow();
    return Number(numDeletedRows);
  }

  /**
   * Drafts that nobody decided on in time, and the oldest beyond so many, wait no more: they stay among the records as discarded, by
   * `retention`. Returns how many.
   */
  async discardOldDrafts(
    tenantId: string,
    { beforeMs, atMost }: { beforeMs: number; atMost: number },
  ): Promise<number> {
    // In the words of the index that holds them alone.
    const waits = sql<boolean>`delivery in ('draft', 'approving') and delivery = 'draft'`;
    const beyond = await this.database
      .selectFrom("enhancements")
      .select("created_at")
      .where("tenant_id", "=", tenantId)
      .where(waits)
      .orderBy("created_at", "desc")
      .limit(1)
      .offset(atMost)
      .executeTakeFirst();
    const { numUpdatedRows } = await this.database
      .updateTable("enhancements")
      .set({ delivery: "discarded", decided_at: Date.now(), decided_by: "retention" })
      .where("tenant_id", "=", tenantId)
      .where(waits)
      .where("created_at", "<", Math.max(beforeMs, (beyond?.created_at ?? -1) + 1))
      .executeTakeFirstOrThrow();
    return Number(numUpdatedRows);
  }

  private async flush(): Promise<void> {
    const batch = this.pending;
    this.pending = [];
    for (let at = 0; at < batch.length; at += rowsPerInsert) {
      const part = batch.slice(at, at + rowsPerInsert);
      try {
        await this.database
          .insertInto("enhancements")
          .values(part.map(({ row }) => row))
          .execute();
        for (const { resolve } of part) resolve();
      } catch (error) {
        for (const { reject } of part) reject(error);
      }
    }
  }
}

function insertDirectly(statements: DirectStatements, row: EnhancementRow): Promise<void> {
  const names = Object.keys(row);
  const sql = `insert into enhancements (${names.join(", ")}) values (${names.map(() => "?").join(", ")})`;
  return statements.commit.durable(() => void statements.run(sql, ...Object.values(row)));
}

function isNotedSql(deliveries: readonly string[]): string {
  const any = deliveries.map(() => "?").join(", ");
  return `select 1 from enhancements where tenant_id = ? and ticket_id = ? and delivery in (${any}) limit 1`;
}

/** What is kept of a ticket: what a note was written from, so that it can be written again. */
export interface KeptInput {
  subject: string;
  description: string;
  priority: Ticket["priority"];
  event: string;
  createdAt: string;
}

export function keptInput(
  ticket: Ticket,
  hide: (text: string) => string,
): { input: string; input_hash: string } {
  const kept: KeptInput = {
    subject: hide(ticket.subject ?? ""),
    description: hide(ticket.description),
    priority: ticket.priority,
    event: ticket.event,
    createdAt: ticket.createdAt,
  };
  const input = JSON.stringify(kept);
  return { input, input_hash: createHash("sha256").update(input).digest("hex") };
}
