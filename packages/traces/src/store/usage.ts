import type { Rollup } from "./block/rollup.ts";
import type { BlockEntry } from "./manifest.ts";

/** Spans and bytes by day (UTC, of the spans' start) and by service. Bytes are a block's share by number of spans. */
export interface Usage {
  days: { day: string; spans: number; bytes: number }[];
  services: { service: string; spans: number; bytes: number }[];
}

const minuteMs = 60_000;
/** The last minute that a date can stand for. */
const lastMinute = 8_640_000_000_000_000 / minuteMs;

export function usageOf(blocks: readonly BlockEntry[], rollupOf: (entry: BlockEntry) => Rollup): Usage {
  const days = new Map<string, { spans: number; bytes: number }>();
  const services = new Map<string, { spans: number; bytes: number }>();
  const add = (to: typeof days, key: string, spans: number, bytes: number): void => {
    const sum = to.get(key) ?? { spans: 0, bytes: 0 };
    to.set(key, { spans: sum.spans + spans, bytes: sum.bytes + bytes });
  };
  for (const entry of blocks) {
    const bytesOfSpan = entry.bytes / Math.max(1, entry.rows);
    for (const { minute, service, spans } of rollupOf(entry).series) {
      const day = new Date(Math.min(minute, lastMinute) * minuteMs).toISOString().split("T")[0] ?? "";
      add(days, day, spans, spans * bytesOfSpan);
      add(services, service, spans, spans * bytesOfSpan);
    }
  }
  const rounded = ({ spans, bytes }: { spans: number; bytes: number }) => ({
    spans,
    bytes: Math.round(bytes),
  });
  return {
    days: [...days].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([day, sum]) => ({ day, ...rounded(sum) })),
    services: [...services]
      .toSorted(([, a], [, b]) => b.spans - a.spans)
      .map(([service, sum]) => ({ service, ...rounded(sum) })),
  };
}
