/** One sender alone may hold so much of the budget: the rest is for whoever comes. */
const aloneAtMost = 0.75;

/**
 * Bytes of requests that may be held at once, over all receivers; more is refused, to be sent again later. Each sender has its part: with n
 * senders at once, none holds more than one part in n + 1, so that the next one finds room whatever the others do.
 */
export class ByteBudget {
  private readonly total: number;
  private free: number;
  private readonly held = new Map<string, number>();

  constructor(bytes: number) {
    this.total = bytes;
    this.free = bytes;
  }

  /** False, and nothing taken, when so much is not left, or not to this sender. */
  take(sender: string, bytes: number): boolean {
    const own = this.held.get(sender) ?? 0;
    const senders = this.held.size + (own === 0 ? 1 : 0);
    const part = senders === 1 ? aloneAtMost : 1 / (senders + 1);
    if (bytes > this.free || own + bytes > this.total * part) return false;
    this.free -= bytes;
    if (bytes > 0) this.held.set(sender, own + bytes);
    return true;
  }

  give(sender: string, bytes: number): void {
    this.free += bytes;
    const left = (this.held.get(sender) ?? 0) - bytes;
    if (left > 0) this.held.set(sender, left);
    else this.held.delete(sender);
  }

  /** A share that grows with one request of a sender and is given back at once. */
  share(sender: string): BudgetShare {
    return new BudgetShare(this, sender);
  }
}

export class BudgetShare {
  private readonly budget: ByteBudget;
  private readonly sender: string;
  private held = 0;

  constructor(budget: ByteBudget, sender: string) {
    this.budget = budget;
    this.sender = sender;
  }

  grow(bytes: number): boolean {
    if (!this.budget.take(this.sender, bytes)) return false;
    this.held += bytes;
    return true;
  }

  /** May be called more than once. */
  release(): void {
    this.budget.give(this.sender, this.held);
    this.held = 0;
  }
}
