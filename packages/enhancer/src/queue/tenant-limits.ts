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
    const stale = tenantIds.filter((id) => !this.isFresh(id));
    for (const id of stale) this.known.set(id, { limit: await this.concurrencyOf(id), at: Date.now() });
  }

  /** false: `refresh` it before its limit is used. */
  isFresh(tenantId: string): boolean {
    return Date.now() - (this.known.get(tenantId)?.at ?? 0) <= freshMs;
  }

  /** 0 until it was asked for. */
  of(tenantId: string): number {
    return this.known.get(tenantId)?.limit ?? 0;
  }
}
