import type { TicketRef } from "../span.ts";
import type { Cap } from "../ticket.ts";
import { costUsd, type PriceList, priceOf, type TokenUsage } from "./prices.ts";
import type { Prompt } from "./prompt.ts";

/** What a tenant spends on models at most; null: no limit. */
export type Caps = Readonly<Record<Cap, number | null>>;

export interface Amount {
  usd: number;
  tokens: number;
}

/** Counters of what tenants spend, shared by all workers. */
export interface BudgetKeeper {
  /** Takes the amount where every cap allows it: at once or not at all, also among several workers. */
  reserve(ticket: TicketRef, caps: Caps, amount: Amount): Promise<Reservation | CapReached>;
}

export interface Reservation {
  /** Dollars that the tenant may spend after this, in the ticket or the day, whichever is less; undefined without a money cap. */
  remainingUsd: number | undefined;
  /** Puts what was really spent in place of what was reserved. */
  settle(spent: Amount): Promise<number | undefined>;
}

export interface CapReached {
  reached: Cap;
}

/** Bytes of a prompt for a token at the least: an upper bound, so that a reservation covers what comes. */
const bytesPerToken = 2.5;

/** The most that a call can cost; undefined where the model's price is not known. */
export function worstCase(
  prompt: Prompt,
  maxOutputTokens: number,
  model: string,
  prices: PriceList,
): { usd: number | undefined; tokens: number } {
  const inputTokens = Math.ceil(Buffer.byteLength(prompt.system + prompt.user) / bytesPerToken);
  const usage: TokenUsage = { inputTokens, outputTokens: maxOutputTokens, cachedTokens: 0 };
  return { usd: costUsd(prices, model, usage), tokens: inputTokens + maxOutputTokens };
}

/** Why a model is not asked, in words for a technician; undefined: it may be. */
export function unaffordable(caps: Caps, model: string, prices: PriceList): string | undefined {
  const capsMoney = caps.ticketUsd !== null || caps.dayUsd !== null;
  if (!capsMoney || priceOf(prices, model) !== undefined) return undefined;
  return `The price of the model ${model} is not known, so the tenant's money cap cannot be kept: name it in the file of --prices.`;
}

const capNames: Readonly<Record<Cap, string>> = {
  ticketUsd: "money cap for this ticket",
  dayUsd: "money cap for today",
  ticketTokens: "token cap for this ticket",
  dayTokens: "token cap for today",
};

export function reachedText(cap: Cap): string {
  return `The tenant's ${capNames[cap]} is reached.`;
}
