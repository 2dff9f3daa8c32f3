/**
 * Requests under way at the same time: what is always let in, and what never is passed. So many are always let in because they share one
 * commit: where the disk is slow, letting in fewer would make none of them quicker.
 */
const fewest = 128;
const most = 2_000;
/** A request is answered within this; then there is room for more. Past it, fewer are let in. */
const targetMs = 50;

/**
 * Sheds load before latency goes: the number of requests under way follows from how long they take (additive increase, multiplicative
 * decrease, once a window). What is beyond it is refused at once, which costs a fraction of an answer.
 */
export class Gate {
  private underWay = 0;
  private limit = 256;
  private windowEnds = 0;
  private slowest = 0;
  private isFull = false;

  /** Whether one more is let in; who is calls `leave`. */
  enter(): boolean {
    if (this.underWay >= this.limit) {
      this.isFull = true;
      return false;
    }
    this.underWay++;
    return true;
  }

  leave(tookMs: number, nowMs: number): void {
    this.underWay--;
    if (tookMs > this.slowest) this.slowest = tookMs;
    if (nowMs < this.windowEnds) return;
    if (this.slowest > targetMs) this.limit = Math.max(fewest, Math.floor(this.limit * 0.8));
    else if (this.isFull) this.limit = Math.min(most, this.limit + 16);
    this.windowEnds = nowMs + targetMs;
    this.slowest = 0;
    this.isFull = false;
  }

  /** Whether the next would be refused; asked before a body is read. */
  get isClosed(): boolean {
    if (this.underWay < this.limit) return false;
    this.isFull = true;
    return true;
  }

  get active(): number {
    return this.underWay;
  }
}
