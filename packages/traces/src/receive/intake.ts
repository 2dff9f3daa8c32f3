import { originOf, type Principal } from "../access.ts";
import type { AppendOutcome, SpanEncoding, SpanSink } from "../sink.ts";
import type { BudgetShare, ByteBudget } from "./byte-budget.ts";
import { RateLimits } from "./rate-limit.ts";
import { overloaded, rateLimited } from "../rpc-status.ts";

/** What the receivers have in common: the store behind, room for requests under way, and each sender's limits. */
export class Intake {
  private readonly sink: SpanSink;
  private readonly budget: ByteBudget;
  private readonly limits: RateLimits;
  private readonly refused: (sender: Principal) => void;

  /** `refused` hears of each request over its sender's limits. */
  constructor(parts: {
    sink: SpanSink;
    budget: ByteBudget;
    refused: (sender: Principal) => void;
    nowMs?: () => number;
  }) {
    ({ sink: this.sink, budget: this.budget, refused: this.refused } = parts);
    this.limits = new RateLimits(parts.nowMs ?? Date.now);
  }

  /** Room for one request, to be asked for before its body is read. Throws RetryLaterError where the sender is over its limits. */
  open(sender: Principal): BudgetShare {
    const wait = this.limits.waitOf(sender);
    if (wait > 0) {
      this.refused(sender);
      throw rateLimited(sender.name, wait);
    }
    return this.budget.share(senderKey(sender));
  }

  /** Errors as SpanSink.append. */
  async append(
    sender: Principal,
    pieces: readonly Uint8Array[],
    encoding: SpanEncoding,
  ): Promise<AppendOutcome> {
    const bytes = pieces.reduce((sum, { length }) => sum + length, 0);
    const settle = this.limits.take(sender, bytes);
    let spans = 0;
    try {
      const outcome = await this.sink.append(pieces, encoding, originOf(sender));
      spans = outcome.accepted + outcome.rejected;
      return outcome;
    } finally {
      settle(spans);
    }
  }

  /** One request whose body is there already. Errors as SpanSink.append; RetryLaterError. */
  async take(sender: Principal, body: Uint8Array, encoding: SpanEncoding): Promise<AppendOutcome> {
    const share = this.open(sender);
    try {
      if (!share.grow(body.length)) throw overloaded();
      return await this.append(sender, [body], encoding);
    } finally {
      share.release();
    }
  }
}

/** Senders of one tenant share one part of the room. */
function senderKey({ tenant, id }: Principal): string {
  return tenant === undefined ? `token ${id}` : `tenant ${tenant}`;
}
