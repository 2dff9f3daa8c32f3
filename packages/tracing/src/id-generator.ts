import type { IdGenerator } from "@opentelemetry/sdk-trace";
import { randomFillSync } from "node:crypto";

const poolBytes = 8 * 1024;
const hexOfByte = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

/** Ids from the system's generator of random numbers, fetched in advance: all bits are random, as consistent sampling needs. */
export class PooledIdGenerator implements IdGenerator {
  private readonly pool = new Uint8Array(poolBytes);
  private at = poolBytes;

  generateTraceId(): string {
    return this.hex(16);
  }

  generateSpanId(): string {
    return this.hex(8);
  }

  private hex(bytes: number): string {
    if (this.at + bytes > poolBytes) {
      randomFillSync(this.pool);
      this.at = 0;
    }
    let out = "";
    let any = 0;
    for (const end = this.at + bytes; this.at < end; this.at++) {
      const byte = this.pool[this.at] ?? 0;
      any |= byte;
      out += hexOfByte[byte];
    }
    // An id of zeros alone is invalid (W3C Trace Context, "trace-id").
    return any === 0 ? this.hex(bytes) : out;
  }
}
