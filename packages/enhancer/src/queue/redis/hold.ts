import type { Job, Queue } from "bullmq";
import { LeaseLost } from "../queue.ts";

/** A job in this process's hands. */
export interface Held {
  tenantId: string;
  job: Job;
  /** What holds its lock: `host:pid:uuid:number`. */
  token: string;
}

/** The jobs in this process's hands. BullMQ fences every change by the lock's token. */
export class Holding {
  private readonly held = new Map<string, Held>();

  add(jobId: string, held: Held): void {
    this.held.set(jobId, held);
  }

  get(jobId: string): Held {
    const held = this.held.get(jobId);
    if (held === undefined) throw new LeaseLost(jobId);
    return held;
  }

  /** Runs what ends our hold; a lock that is gone or another's is a lost lease. */
  async end<T>(jobId: string, change: (held: Held) => Promise<T>): Promise<T> {
    const held = this.get(jobId);
    try {
      return await change(held);
    } catch (error) {
      throw isLost(error) ? new LeaseLost(jobId) : error;
    } finally {
      if (this.held.get(jobId) === held) this.held.delete(jobId);
    }
  }

  ofTenants(jobIds: readonly string[]): Map<string, { ids: string[]; tokens: string[] }> {
    const byTenant = new Map<string, { ids: string[]; tokens: string[] }>();
    for (const id of jobIds) {
      const held = this.held.get(id);
      if (held === undefined) continue;
      const group = byTenant.get(held.tenantId) ?? { ids: [], tokens: [] };
      group.ids.push(id);
      group.tokens.push(held.token);
      byTenant.set(held.tenantId, group);
    }
    return byTenant;
  }

  has(jobId: string): boolean {
    return this.held.has(jobId);
  }
}

export type Backend = ReturnType<Queue["getBackend"]>;

/** BullMQ: the job is gone (-1), its lock is missing (-2) or another's (-6), it is not active (-3). */
function isLost(error: unknown): boolean {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  return code === -1 || code === -2 || code === -3 || code === -6;
}
