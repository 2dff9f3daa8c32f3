import type { Metrics } from "@throughline/api/metrics";
import { readdirSync } from "node:fs";
import { monitorEventLoopDelay, PerformanceObserver, performance } from "node:perf_hooks";
import { getHeapStatistics } from "node:v8";

const gcKinds: Readonly<Record<number, string>> = { 1: "minor", 4: "major", 8: "incremental", 16: "weakcb" };
const lagEveryMs = 20;
const gcBounds = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1];

/** CPU, memory, files, event-loop lag and garbage collection of this process, by the names that Prometheus' clients share. Returns what ends the watching. */
export function processMetrics(metrics: Metrics, version: string): () => void {
  const lag = monitorEventLoopDelay({ resolution: lagEveryMs });
  lag.enable();
  const gc = metrics.histogram(
    "nodejs_gc_duration_seconds",
    "Pauses for garbage collection.",
    ["kind"],
    gcBounds,
  );
  const observer = new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) {
      const { detail } = entry as typeof entry & { detail?: { kind?: number } };
      gc.observe(entry.duration / 1_000, [gcKinds[detail?.kind ?? 0] ?? "other"]);
    }
  });
  observer.observe({ entryTypes: ["gc"] });

  const single = (value: number) => [[[], value]] as const;
  metrics.gauge("throughline_build_info", "Always 1; the labels say what runs.", ["version", "node"], () => [
    [[version, process.versions.node], 1],
  ]);
  metrics.counted("process_cpu_seconds_total", "CPU time of the process, all threads.", [], () => {
    const { user, system } = process.cpuUsage();
    return single((user + system) / 1e6);
  });
  metrics.gauge("process_resident_memory_bytes", "Resident memory.", [], () =>
    single(process.memoryUsage.rss()),
  );
  metrics.gauge("process_start_time_seconds", "When the process started, seconds since the epoch.", [], () =>
    single(performance.timeOrigin / 1_000),
  );
  metrics.gauge("process_open_fds", "Open file descriptors.", [], () => {
    const open = openFiles();
    return open === undefined ? [] : single(open);
  });
  metrics.gauge("nodejs_heap_size_used_bytes", "Heap in use, main thread.", [], () =>
    single(getHeapStatistics().used_heap_size),
  );
  // The measurement counts the time between two of its own ticks.
  const lagOf = (nanoseconds: number): number => Math.max(0, nanoseconds / 1e9 - lagEveryMs / 1_000 || 0);
  for (const [name, what, read] of [
    ["p50", "Median delay", () => lag.percentile(50)],
    ["p99", "99th percentile of the delay", () => lag.percentile(99)],
    // Read last: what comes after belongs to the next question.
    ["max", "Longest delay", () => lag.max],
  ] as const) {
    metrics.gauge(
      `nodejs_eventloop_lag_${name}_seconds`,
      `${what} of the event loop since the last question.`,
      [],
      () => {
        const nanoseconds = read();
        if (name === "max") lag.reset();
        return single(lagOf(nanoseconds));
      },
    );
  }
  return () => {
    lag.disable();
    observer.disconnect();
  };
}

/** undefined where the system does not say. */
function openFiles(): number | undefined {
  try {
    return readdirSync("/proc/self/fd").length;
  } catch {
    return undefined;
  }
}
