import { isDeepStrictEqual } from "node:util";
import { expect, test } from "vitest";
import type { SpanRecord } from "../../src/model.ts";
import { exampleSpan, text } from "../../src/store/example-spans.ts";
import { MemoryLog, newStore, store, temporaryDirectory } from "../../src/store/open-store.ts";
import type { TraceStore } from "../../src/store/store.ts";
import { FaultyFiles } from "./faulty-files.ts";
import { randomNumbers, rounds, seed } from "../rounds.ts";

const retentionMs = 100_000;
const tinyHead = { rows: 60, items: 4_000, bytes: 200_000 };

/** What was sent, and what is known of it. */
interface Sent {
  span: SpanRecord;
  ticket: string;
  receivedMs: number;
  state: "under way" | "stored" | "erasing" | "erased";
}

/** A store's life: requests, seals, merges, retention, erasing, in random order. */
class Life {
  readonly sent: Sent[] = [];
  private spans = 0;
  nowMs = 1_700_000_000_000;
  private readonly random: (limit: number) => number;

  constructor(random: (limit: number) => number) {
    this.random = random;
  }

  async live(opened: TraceStore, operations: number, isOver: () => boolean): Promise<void> {
    for (let left = operations; left > 0 && !isOver(); left--) {
      try {
        await this.operate(opened);
      } catch {
        // Refused: what it was about stays "under way".
      }
    }
  }

  private async operate(opened: TraceStore): Promise<void> {
    this.nowMs += this.random(2_000);
    switch (this.random(16)) {
      case 0:
        opened.heads.seal("now");
        return;
      case 1:
      case 2:
        opened.maintain();
        return;
      case 3:
        return this.erase(opened);
      case 4:
        await Promise.all([this.append(opened), this.append(opened)]);
        return;
      default:
        return this.append(opened);
    }
  }

  private async append(opened: TraceStore): Promise<void> {
    const batch = Array.from({ length: 1 + this.random(12) }, (): Sent => {
      const trace = this.random(40);
      const ticket = `T-${trace % 20}`;
      const span = exampleSpan({
        traceId: String(trace + 1).padStart(32, "0"),
        spanId: String(++this.spans).padStart(16, "0"),
        name: `operation ${this.random(5)}`,
        startUnixNano: 1_700_000_000_000_000_000n + BigInt(this.random(1_000_000_000)),
        attributes: [text("ticket.id", ticket), text("filler", "x".repeat(this.random(200)))],
      });
      const one: Sent = { span, ticket, receivedMs: this.nowMs, state: "under way" };
      this.sent.push(one);
      return one;
    });
    await store(opened, ...batch.map(({ span }) => span));
    for (const one of batch) one.state = "stored";
  }

  private async erase(opened: TraceStore): Promise<void> {
    const ticket = `T-${this.random(20)}`;
    opened.heads.seal("now");
    // What was refused may come back when a fault kept it in a log.
    const own = this.sent.filter((one) => one.ticket === ticket && one.state === "stored");
    for (const one of own) one.state = "erasing";
    opened.keeper.erase([["ticket.id", ticket]]);
    // What is in no block yet, because sealing failed, is not erased.
    if (opened.heads.stats().heads === 0) for (const one of own) one.state = "erased";
  }

  /** What is wrong with what is stored, in words. */
  async faults(opened: TraceStore): Promise<string[]> {
    const traces = await opened.reader.traces([...new Set(this.sent.map(({ span }) => span.traceId))]);
    const byId = Map.groupBy(traces.flat(), ({ spanId }) => spanId);
    const sent = new Map(this.sent.map((one) => [one.span.spanId, one]));
    const wrong = [...byId].flatMap(([id, copies]) => {
      const one = sent.get(id);
      if (copies.length > 1) return [`${id} is there ${copies.length} times`];
      if (one?.state === "erased") return [`${id} was erased`];
      return isDeepStrictEqual(one?.span, copies[0]) ? [] : [`${id} is not what was sent`];
    });
    const lost = this.sent.filter(
      ({ span, state, receivedMs }) =>
        state === "stored" && receivedMs >= this.nowMs - retentionMs && !byId.has(span.spanId),
    );
    return [...wrong, ...lost.map(({ span }) => `${span.spanId} is lost`)];
  }
}

test("whenever the power fails, all that was acknowledged is there, once", async () => {
  const reached = new Set<string>();
  for (let round = 0; round < rounds(1_000); round++) {
    const random = randomNumbers(seed + round);
    const life = new Life(random);
    const directory = await temporaryDirectory();
    // The second start, which recovers, may fail too.
    for (let start = 0; start < 3; start++) {
      const at = 1 + random(start === 0 ? 250 : 60);
      const files = new FaultyFiles(await temporaryDirectory(), random, (step) =>
        step === at ? "power loss" : undefined,
      );
      try {
        const opened = await newStore({
          directory,
          files,
          headSize: tinyHead,
          retentionMs,
          nowMs: () => life.nowMs,
        });
        await life.live(opened, start === 0 ? 80 : 15, () => files.isDead);
        await opened.close();
      } catch (error) {
        if (!files.isDead) throw error;
      }
      reached.add(files.steps.at(-1) ?? "");
      const after = await newStore({
        directory,
        headSize: tinyHead,
        retentionMs: 1e12,
        nowMs: () => life.nowMs,
      });
      expect(await life.faults(after), `round ${round}, start ${start}, step ${at} of seed ${seed}`).toEqual(
        [],
      );
      await after.close();
    }
  }
  expect([...reached].toSorted()).toEqual(
    expect.arrayContaining([
      "append",
      "rename manifest",
      "sync directory",
      "sync log",
      "write block",
      "write manifest",
    ]),
  );
}, 3_600_000);

test.each(["ENOSPC", "EIO", "short write"] as const)(
  "%s at any step refuses, loses nothing, and is over when it is over",
  async (fault) => {
    for (let round = 0; round < rounds(300); round++) {
      const random = randomNumbers(seed + round);
      const life = new Life(random);
      const directory = await temporaryDirectory();
      let faults = 0;
      let isBroken = false;
      const files = new FaultyFiles(await temporaryDirectory(), random, () => {
        // Comes and goes.
        if (random(60) === 0) isBroken = !isBroken;
        if (!isBroken || random(2) === 0) return undefined;
        faults++;
        return fault;
      });
      const log = new MemoryLog();
      const parts = { directory, headSize: tinyHead, retentionMs, nowMs: () => life.nowMs, log };
      const opened = await newStore({ ...parts, files }).catch(() => undefined);
      if (opened === undefined) continue;
      await life.live(opened, 60, () => false);
      expect(await life.faults(opened), `round ${round} of seed ${seed}, before the restart`).toEqual([]);
      await opened.close();
      const after = await newStore({ ...parts, retentionMs: 1e12 });
      expect(await life.faults(after), `round ${round} of seed ${seed}, ${faults} faults`).toEqual([]);
      await store(after, exampleSpan({ name: "after" }));
      await after.close();
    }
  },
  3_600_000,
);
