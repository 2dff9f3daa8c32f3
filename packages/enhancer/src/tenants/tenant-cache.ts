/** How old what is known of the revision may be: with the time of a look, a change by another process counts within a second. */
const checkEveryMs = 500;
/** So long a look may take before what is known counts on: a database that does not answer holds up no webhook. */
const patienceMs = 250;
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
    if (this.nowMs() - this.checkedAtMs >= checkEveryMs) {
      this.checking ??= this.check();
      await (this.values.has(id) ? within(this.checking, patienceMs) : this.checking);
    }
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

  /** A database that is away says nothing of changes: what is known counts on, and the next look comes as soon as ever. */
  private async check(): Promise<void> {
    // The time before the look: a change that comes during it is seen at the next.
    const startedAtMs = this.nowMs();
    try {
      const revision = await this.readRevision();
      if (revision !== this.revision) this.values.clear();
      this.revision = revision;
    } catch {
      // Who asks for an id that is not known reads it, and gets the database's own error.
    } finally {
      this.checkedAtMs = startedAtMs;
      this.checking = undefined;
    }
  }
}

async function within(work: Promise<void>, ms: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const patience = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  await Promise.race([work, patience]);
  clearTimeout(timer);
}
