import { Health, type Finding } from "@throughline/api/health";
import type { TracingCounts } from "@throughline/tracing";
import { statfs } from "node:fs/promises";
import type { Logger } from "pino";

const mib = 1024 * 1024;
/** Below it a commit may fail at any time. */
const noRoomBytes = 32 * mib;
const littleRoomBytes = 512 * mib;

/** Says once that a part fails, and once that it is well again. Those that tell of themselves are not told a second time. */
export function createHealth(logger: Logger): Health {
  const quiet = new Set(["database", "queue", "traces"]);
  return new Health((part, { status, detail }) => {
    if (quiet.has(part)) return;
    if (status === "failed") logger.warn({ part, detail }, `${part} fails: ${detail}`);
    else logger.info({ part, detail }, `${part} is well again`);
  });
}

/** Room in the data directory. */
export async function diskFinding(directory: string): Promise<Finding> {
  const { bavail, bsize } = await statfs(directory);
  const free = bavail * bsize;
  const detail = `${Math.floor(free / mib)} MiB free`;
  if (free < noRoomBytes) return { status: "failed", detail };
  return { status: free < littleRoomBytes ? "degraded" : "ok", detail };
}

/** Where this process's own spans go: as the exporter's counters say since they were last looked at. */
export function exportFinding(counts: () => TracingCounts): () => Finding {
  let before = counts();
  let last: Finding = { status: "unknown", detail: "no spans were sent yet" };
  return () => {
    const now = counts();
    const [sent, failed] = [now.exported - before.exported, now.exports.failed - before.exports.failed];
    if (failed > 0) {
      const { dropped } = now;
      last = {
        status: "failed",
        detail: `the trace backend does not take spans: ${now.queued} wait, ${dropped} were lost`,
      };
    } else if (sent > 0) last = { status: "ok", detail: "spans are taken" };
    before = now;
    return last;
  };
}
