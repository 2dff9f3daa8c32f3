import type { Metrics } from "@throughline/api/metrics";
import { readdirSync } from "node:fs";
import { monitorEventLoopDelay, PerformanceObserver, performance } from "node:perf_hooks";
import { getHeapStatistics } from "node:v8";

const gcKinds: Readonly<Record<number, string>> = { 1: "minor", 4: "major", 8: "incremental", 16: "weakcb" };
const gcBounds = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1];

/** CPU, memory, files, event-loop lag and garbage collection of this process, by the names that Prometheus' clients share. Returns what ends the watching. */
export function processMetrics(metrics: Metrics, version: string): () => void {
  const lag = monitorEventLoopDelay({ resolution: 20 });
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
  metrics.gauge(
    "nodejs_eventloop_lag_seconds",
    "Delay of the event loop since the last question.",
    ["quantile"],
    () => {
      const at = (quantile: number) => Math.max(0, lag.percentile(quantile) / 1e9 || 0);
      const readings = [
        [["0.5"], at(50)],
        [["0.99"], at(99)],
        [["1"], Math.max(0, lag.max / 1e9)],
      ] as const;
      lag.reset();
      return readings;
    },
  );
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
