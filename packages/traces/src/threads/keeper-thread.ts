/** The keeper thread: heads to blocks, merging, retention, erasing. Started by engine.ts. */
import { workerData } from "node:worker_threads";
import { setTimeout as sleep } from "node:timers/promises";
import { systemFiles } from "../store/files.ts";
import type { SealableHead } from "../store/live-head.ts";
import { Keeper } from "../store/keeper.ts";
import type { KeeperCall, KeeperEvent, KeeperNotice, KeeperStatus, KeeperThreadConfig } from "./messages.ts";
import { type Answer, serveThread } from "./serve.ts";

const maintainEveryMs = 60_000;
/** What could not be written is tried again after so long, twice as long each time, at most. */
const retryFirstMs = 250;
const retryAtMostMs = 10_000;

const config = workerData as KeeperThreadConfig;

serveThread<KeeperCall, KeeperNotice, KeeperEvent>((port) => {
  const changed = (): void => port.event({ view: keeper.view() });
  const keeper = new Keeper(config, config.manifest, {
    files: systemFiles,
    nowMs: Date.now,
    log: port.log,
    changed,
  });
  const stop = new AbortController();

  /** Retention, then one merge after the other, between other calls. */
  const maintain = (): void => {
    try {
      keeper.retain();
      if (keeper.merge() && !stop.signal.aborted) setImmediate(maintain);
    } catch (err) {
      port.log.error({ err }, "blocks could not be maintained; it is tried again");
    }
  };
  const timer = setInterval(maintain, Math.min(maintainEveryMs, Math.max(250, config.retentionMs / 4)));
  setImmediate(maintain);

  /** A full disk stops no thread: the head waits in memory and log until there is room. */
  const seal = async (head: SealableHead): Promise<void> => {
    for (let waitMs = retryFirstMs; !stop.signal.aborted; waitMs = Math.min(waitMs * 2, retryAtMostMs)) {
      try {
        keeper.seal(head);
        return;
      } catch (err) {
        port.log.error(
          { err, rows: head.counts.rows },
          "spans could not be written to a block; it is tried again",
        );
        await sleep(waitMs, undefined, { ref: false });
      }
    }
  };

  const status = (): KeeperStatus => ({
    blocks: keeper.entries(),
    usage: keeper.usage(),
    pins: keeper.pins(),
    damaged: keeper.damaged(),
  });

  const answer = async (call: KeeperCall): Promise<Answer> => {
    switch (call.kind) {
      case "seal":
        await seal(call.head);
        setImmediate(maintain);
        return { value: keeper.view() };
      case "retain":
        keeper.retain(call.olderThanMs);
        return { value: keeper.view() };
      case "pin":
        keeper.pin(call.traceId);
        return { value: keeper.view() };
      case "unpin":
        keeper.unpin(call.traceId);
        return { value: keeper.view() };
      case "erase":
        return { value: keeper.erase(call.attributes) };
      case "check":
        return { value: keeper.check() };
      case "status":
        return { value: status() };
      case "stop":
        stop.abort();
        clearInterval(timer);
        keeper.close();
        return { value: undefined };
    }
  };
  const hear = ({ setAside, reason }: KeeperNotice): void => {
    try {
      keeper.setAside(setAside, reason);
    } catch (err) {
      port.log.error({ err, block: setAside }, "a damaged block could not be set aside");
    }
  };
  return { answer, hear };
});
