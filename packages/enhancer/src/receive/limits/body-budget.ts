/** Bodies up to this need no leave: what sockets hold of them is bounded by the connections. */
const small = 64 * 1_024;

/** Bytes of large bodies in memory at the same time: a hundred senders of 32 MiB must not take 3 GiB. */
export class BodyBudget {
  private readonly most: number;
  private held = 0;

  constructor(most: number) {
    this.most = most;
  }

  /** What a request holds until it is answered: by its length, or all that it may send where it does not say. undefined: no room. */
  hold(contentLength: number | undefined, limit: number): number | undefined {
    const bytes = Math.min(contentLength ?? limit, limit);
    if (bytes <= small) return 0;
    if (this.held + bytes > this.most) return undefined;
    this.held += bytes;
    return bytes;
  }

  release(bytes: number): void {
    this.held -= bytes;
  }
}
