import { ThroughlineError } from "@throughline/api";
import { createHmac, randomUUID, timingSafeEqual } from "node:crypto";
import type { EnhancerDatabase } from "../database/schema.ts";
import type { EnhancementRecords } from "./enhancements.ts";

export interface FeedbackEntry {
  rating: "up" | "down";
  /** May be empty. */
  reason: string;
}

/** A link gives many people a voice, not one person many. */
const entriesPerEnhancement = 50;
const signatureLength = 22;

/** What people think of notes: taken by signed link, without a login, and by API. */
export class Feedback {
  private readonly database: EnhancerDatabase;
  private readonly records: EnhancementRecords;
  private readonly key: Buffer;

  constructor(database: EnhancerDatabase, records: EnhancementRecords, key: Buffer) {
    this.database = database;
    this.records = records;
    this.key = key;
  }

  /** The part of a link after `/feedback/`: it names one note and cannot be guessed for another. */
  tokenOf(enhancementId: string): string {
    const signature = createHmac("sha256", this.key).update(`feedback\n${enhancementId}`).digest("base64url");
    return `${enhancementId}.${signature.slice(0, signatureLength)}`;
  }

  /** The enhancement that a link is for. Throws TL_FEEDBACK_LINK_INVALID. */
  idOf(token: string): string {
    const [id = ""] = token.split(".");
    const wanted = Buffer.from(this.tokenOf(id));
    const sent = Buffer.from(token);
    if (sent.length !== wanted.length || !timingSafeEqual(sent, wanted))
      throw new ThroughlineError("TL_FEEDBACK_LINK_INVALID", "The link is not one of ours, or it was cut.");
    return id;
  }

  /** Throws TL_ENHANCEMENT_NOT_FOUND where it was erased, TL_FEEDBACK_FULL. */
  async add(enhancementId: string, { rating, reason }: FeedbackEntry): Promise<void> {
    const { tenant_id, ticket_id } = await this.records.get(enhancementId);
    const { count } = await this.database
      .selectFrom("feedback")
      .select((eb) => eb.fn.countAll<number>().as("count"))
      .where("enhancement_id", "=", enhancementId)
      .executeTakeFirstOrThrow();
    if (count >= entriesPerEnhancement)
      throw new ThroughlineError(
        "TL_FEEDBACK_FULL",
        "This note has had all the feedback that is kept of one.",
      );
    await this.database
      .insertInto("feedback")
      .values({
        id: randomUUID(),
        enhancement_id: enhancementId,
        tenant_id,
        ticket_id,
        rating,
        reason,
        created_at: Date.now(),
      })
      .execute();
  }

  /** Oldest first. */
  async of(enhancementId: string): Promise<(FeedbackEntry & { createdAt: number })[]> {
    const rows = await this.database
      .selectFrom("feedback")
      .select(["rating", "reason", "created_at"])
      .where("enhancement_id", "=", enhancementId)
      .orderBy("created_at")
      .execute();
    return rows.map(({ rating, reason, created_at: createdAt }) => ({ rating, reason, createdAt }));
  }
}
