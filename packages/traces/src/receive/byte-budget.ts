/** Bytes of requests that may be held at once, over all receivers; more is refused, to be sent again later. */
export class ByteBudget {
  private free: number;

  constructor(bytes: number) {
    this.free = bytes;
  }

  /** False, and nothing taken, when so much is not left. */
  take(bytes: number): boolean {
    if (bytes > this.free) return false;
    this.free -= bytes;
    return true;
  }

  give(bytes: number): void {
    this.free += bytes;
  }

  /** A share that grows with one request and is given back at once. */
  share(): BudgetShare {
    return new BudgetShare(this);
  }
}

export class BudgetShare {
  private readonly budget: ByteBudget;
  private held = 0;

  constructor(budget: ByteBudget) {
    this.budget = budget;
  }

  grow(bytes: number): boolean {
    if (!this.budget.take(bytes)) return false;
    this.held += bytes;
    return true;
  }

  /** May be called more than once. */
  release(): void {
    this.budget.give(this.held);
    this.held = 0;
  }
}
