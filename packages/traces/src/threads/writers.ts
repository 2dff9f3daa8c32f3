import type { Logger } from "pino";
import { openDirectory } from "../store/data-directory.ts";
import { systemFiles } from "../store/files.ts";
import type { BlockView } from "../store/keeper.ts";
import type { DirectoryLock } from "../store/lock.ts";
import { headAge } from "../store/store.ts";
import type {
  EngineConfig,
  IngestCall,
  IngestEvent,
  IngestNotice,
  IngestThreadConfig,
  KeeperCall,
  KeeperEvent,
  KeeperNotice,
  KeeperThreadConfig,
} from "./messages.ts";
import { ThreadClient } from "./thread-client.ts";

/** The two threads that write a directory, and its lock. They live and end together. */
export interface Writers {
  ingest: ThreadClient<IngestCall, IngestNotice, IngestEvent>;
  keeper: ThreadClient<KeeperCall, KeeperNotice, KeeperEvent>;
  lock: DirectoryLock;
  /** What was there when the directory was opened. */
  blocks: BlockView;
}

/** A head that got nothing for so long becomes a block. */
const idleMs = 4_000;

/** Errors as openDirectory. */
export function startWriters(
  config: EngineConfig,
  memory: SharedArrayBuffer,
  logger: Logger,
  events: { ingest(event: IngestEvent): void; blocks(view: BlockView): void; ended(): void },
): Writers {
  const { directory, durability, retentionMs, maxBytes, redaction } = config;
  const log = {
    info: logger.info.bind(logger),
    warn: logger.warn.bind(logger),
    error: logger.error.bind(logger),
  };
  const { lock, manifest, logs } = openDirectory(directory, systemFiles, Date.now, log);
  const keeper = new ThreadClient<KeeperCall, KeeperNotice, KeeperEvent>({
    name: "keeper",
    program: new URL("./keeper-thread.ts", import.meta.url),
    data: { directory, retentionMs, maxBytes, manifest } satisfies KeeperThreadConfig,
    logger,
    onEvent: ({ view }) => events.blocks(view),
    onEnd: () => events.ended(),
  });
  const ingest = new ThreadClient<IngestCall, IngestNotice, IngestEvent>({
    name: "ingest",
    program: new URL("./ingest-thread.ts", import.meta.url),
    data: {
      directory,
      durability,
      redaction,
      maxAgeMs: headAge(retentionMs),
      idleMs,
      nextId: Math.max(manifest.nextId, ...logs.map((id) => id + 1)),
      logs,
      memory,
    } satisfies IngestThreadConfig,
    logger,
    onEvent: (event) => events.ingest(event),
    onEnd: () => events.ended(),
  });
  return { ingest, keeper, lock, blocks: { blocks: manifest.blocks, removed: manifest.removed } };
}

/** Ends both at once, whatever they do, and gives the directory back. */
export async function endWriters({ ingest, keeper, lock }: Writers): Promise<void> {
  await Promise.all([ingest.stop(undefined, 0), keeper.stop(undefined, 0)]);
  lock.release();
}
