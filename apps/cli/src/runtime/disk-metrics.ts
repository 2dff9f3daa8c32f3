import type { Metrics } from "@throughline/api/metrics";
import { statfs } from "node:fs/promises";

/** Room on the file system of the data directory, as it is for this user. */
export function diskMetrics(metrics: Metrics, directory: string): void {
  const gauge = (name: string, help: string, of: (disk: { bavail: number; blocks: number }) => number) =>
    metrics.gauge(name, help, [], async () => {
      const disk = await statfs(directory);
      return [[[], of(disk) * disk.bsize]];
    });
  gauge(
    "throughline_data_disk_available_bytes",
    "Bytes that may still be written where the data directory is.",
    ({ bavail }) => bavail,
  );
  gauge(
    "throughline_data_disk_size_bytes",
    "Size of the file system of the data directory.",
    ({ blocks }) => blocks,
  );
}
