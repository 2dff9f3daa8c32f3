import type { ConcurrencyOf } from "./queue.ts";

/** A changed setting counts after so many milliseconds. */
const freshMs = 1_000;

/** How many jobs of each tenant may be under way, remembered for a second: it is asked for at each job. */
export class TenantLimits {
  private readonly concurrencyOf: ConcurrencyOf;
  private readonly known = new Map<string, { limit: number; at: number }>();

  constructor(concurrencyOf: ConcurrencyOf) {
    this.concurrencyOf = concurrencyOf;
  }

  async refresh(tenantIds: readonly string[]): Promise<void> {
    const now = Date.now();
    const stale = tenantIds.filter((id) => now - (this.known.get(id)?.at ?? 0) > freshMs);
    for (const id of stale) this.known.set(id, { limit: await this.concurrencyOf(id), at: now });
  }

  /** 0 until it was asked for. */
  of(tenantId: string): number {
    return this.known.get(tenantId)?.limit ?? 0;
  }
}
