/** What is known of the spans, and what is asked for. */
export interface SamplingInput {
  tracesPerDay: number;
  spansPerTrace: number;
  /** On disk, of stored spans. */
  bytesPerSpan: number;
  retentionDays: number;
  /** Share of the traces that is kept, 0..1. */
  share: number;
}

export interface SamplingOutcome {
  tracesPerDay: number;
  spansPerDay: number;
  bytesPerDay: number;
  /** When as much goes as comes. */
  bytes: number;
  /** Of something that happens ten times a day, the chance that no trace of it is kept on a day, percent. */
  missedPercent: number;
}

const happensADay = 10;

export function samplingOutcome(input: SamplingInput): SamplingOutcome {
  const { tracesPerDay, spansPerTrace, bytesPerSpan, retentionDays, share } = input;
  const spansPerDay = tracesPerDay * share * spansPerTrace;
  const bytesPerDay = spansPerDay * bytesPerSpan;
  return {
    tracesPerDay: tracesPerDay * share,
    spansPerDay,
    bytesPerDay,
    bytes: bytesPerDay * retentionDays,
    missedPercent: (1 - share) ** happensADay * 100,
  };
}

/** The largest share whose traces fit; 1 where all do. */
export function shareThatFits(input: SamplingInput, bytes: number): number {
  const whole = samplingOutcome({ ...input, share: 1 }).bytes;
  return whole <= bytes ? 1 : bytes / whole;
}

/** As `OTEL_TRACES_SAMPLER_ARG` takes it: never more than was meant. */
export function samplerArgument(share: number): string {
  if (share >= 1) return "1";
  const digits = share < 0.001 ? 6 : 4;
  return String(Math.floor(share * 10 ** digits) / 10 ** digits);
}

const sizes = ["B", "kB", "MB", "GB", "TB", "PB"];

/** Bytes as disks count them: `23.4 B`, `1.20 GB`. */
export function formatBytes(bytes: number): string {
  let value = bytes;
  let size = 0;
  while (value >= 999.5 && size < sizes.length - 1) {
    value /= 1_000;
    size++;
  }
  const text =
    value >= 100 || (size === 0 && Number.isInteger(value)) ? value.toFixed(0) : value.toPrecision(3);
  return `${text} ${sizes[size] ?? ""}`;
}
