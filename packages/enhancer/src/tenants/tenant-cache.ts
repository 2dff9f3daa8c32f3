/** How old what is known of the revision may be: with the time of a look, a change by another process counts within a second. */
const checkEveryMs = 500;
/** Ids that were looked up, those of nobody included: whoever guesses ids fills no memory. */
const keptAtMost = 10_000;

/**
 * Values by tenant id, kept until the revision of all tenants changes. The revision is read at most every 500 ms, so a webhook
 * costs no query.
 */
export class TenantCache<T> {
  private readonly readRevision: () => Promise<number>;
  private readonly nowMs: () => number;
  private readonly values = new Map<string, Promise<T>>();
  private revision: number | undefined;
  private checkedAtMs = Number.NEGATIVE_INFINITY;
  private checking: Promise<void> | undefined;

  constructor(readRevision: () => Promise<number>, nowMs: () => number = () => performance.now()) {
    this.readRevision = readRevision;
    this.nowMs = nowMs;
  }

  async get(id: string, load: () => Promise<T>): Promise<T> {
    if (this.nowMs() - this.checkedAtMs >= checkEveryMs) await (this.checking ??= this.check());
    const known = this.values.get(id);
    if (known !== undefined) return known;
    if (this.values.size >= keptAtMost) this.values.clear();
    const loading = load();
    this.values.set(id, loading);
    // What failed is tried again at the next look; the caller gets the error.
    loading.catch(() => {
      if (this.values.get(id) === loading) this.values.delete(id);
    });
    return loading;
  }

  /** After a change by this process. */
  clear(): void {
    this.values.clear();
  }

  private async check(): Promise<void> {
    // The time before the look: a change that comes during it is seen at the next.
    const startedAtMs = this.nowMs();
    try {
      const revision = await this.readRevision();
      if (revision !== this.revision) this.values.clear();
      this.revision = revision;
      this.checkedAtMs = startedAtMs;
    } finally {
      this.checking = undefined;
    }
  }
}
