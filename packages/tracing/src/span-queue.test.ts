import { type ReadableSpan, TracerProvider } from "@opentelemetry/sdk-trace";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import type { Destination, SendOutcome } from "./destination.ts";
import type { SpanBatch } from "./encode/span-batch.ts";
import { type QueueOptions, SpanQueue } from "./span-queue.ts";

class NameBatch implements SpanBatch {
  readonly bytes = 0;
  readonly names: string[] = [];

  get count(): number {
    return this.names.length;
  }

  add(span: ReadableSpan): void {
    if (span.name === "bad") throw new Error("cannot be encoded");
    this.names.push(span.name);
  }

  dropOldest(): void {
    this.names.shift();
  }
}

/** A destination whose answers the test gives. */
class HeldDestination implements Destination<NameBatch> {
  readonly parallel = 1;
  readonly sent: { names: string[]; answer: (outcome: SendOutcome) => void }[] = [];

  newBatch(): NameBatch {
    return new NameBatch();
  }

  send({ names }: NameBatch): Promise<SendOutcome> {
    return new Promise((answer) => this.sent.push({ names: [...names], answer }));
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

const taken: SendOutcome = { kind: "taken", rejected: 0, message: "" };

function setUp(options: Partial<QueueOptions> = {}) {
  const destination = new HeldDestination();
  const told: string[] = [];
  const logger = {
    debug: () => {},
    info: (_: object, text: string) => told.push(text),
    warn: (_: object, text: string) => told.push(text),
  };
  const queue = new SpanQueue(
    destination,
    {
      maxQueueSize: 4,
      maxExportBatchSize: 2,
      scheduleDelayMs: 1,
      exportTimeoutMs: 1_000,
      whenFull: "drop_newest",
      ...options,
    },
    () => false,
    logger,
  );
  const tracer = new TracerProvider({ spanProcessors: [queue] }).getTracer("test");
  const end = (...names: string[]) => names.forEach((name) => tracer.startSpan(name).end());
  /** Answers each request as it comes, `times` times. */
  const answer = async (outcome: SendOutcome, times: number) => {
    for (let at = 0; at < times; at++) {
      while (destination.sent.length <= at) await sleep(1);
      destination.sent[at]?.answer(outcome);
    }
    await sleep(5);
  };
  return { destination, queue, told, end, answer };
}

test("a full queue drops the newest spans, counts them, and says so once", async () => {
  const { destination, queue, told, end, answer } = setUp();
  end("0", "1", "2", "3", "4", "5", "6", "7", "8", "9");
  // Two are on their way, four wait, four are lost.
  expect([queue.size, queue.counters.inFlight, queue.counters.dropped.queue_full]).toEqual([4, 2, 4]);
  expect(told).toHaveLength(1);
  await answer(taken, 3);
  expect(destination.sent.flatMap(({ names }) => names)).toEqual(["0", "1", "2", "3", "4", "5"]);
  expect([queue.size, queue.counters.exported]).toEqual([0, 6]);
  await sleep(1_000);
  end("later", "still");
  await answer(taken, 4);
  expect(told).toEqual([expect.stringContaining("dropped"), expect.stringContaining("again")]);
});

test("a full queue drops the oldest spans where that was chosen", async () => {
  const { destination, queue, end, answer } = setUp({ whenFull: "drop_oldest" });
  end("0", "1", "2", "3", "4", "5", "6", "7", "8", "9");
  expect([queue.size, queue.counters.dropped.queue_full]).toEqual([4, 4]);
  await answer(taken, 3);
  expect(destination.sent.flatMap(({ names }) => names)).toEqual(["0", "1", "6", "7", "8", "9"]);
});

test("spans wait no longer than the delay, and no longer than a batch", async () => {
  const { destination, queue, end, answer } = setUp({ scheduleDelayMs: 30 });
  end("late");
  expect(destination.sent).toHaveLength(0);
  await sleep(50);
  expect(destination.sent.map(({ names }) => names)).toEqual([["late"]]);
  await answer(taken, 1);
  end("a", "b");
  expect(destination.sent.map(({ names }) => names)).toEqual([["late"], ["a", "b"]]);
  await answer(taken, 2);
  await queue.forceFlush();
});

test("what the receiver refuses, in whole or in part, is counted by its reason", async () => {
  const { queue, end, answer } = setUp({ maxExportBatchSize: 4 });
  end("a", "b", "c", "d");
  await answer({ kind: "taken", rejected: 3, message: "ids" }, 1);
  expect([queue.counters.exported, queue.counters.dropped.rejected]).toEqual([1, 3]);
  const second = setUp();
  second.end("a", "b");
  await second.answer({ kind: "refused", reason: "401" }, 1);
  expect(second.queue.counters.dropped.refused).toBe(2);
  const third = setUp();
  third.end("a", "b");
  await third.answer({ kind: "unreachable", reason: "ECONNREFUSED" }, 1);
  expect(third.queue.counters.dropped.unreachable).toBe(2);
});

test("a span that cannot be encoded costs itself alone", async () => {
  const { destination, queue, end, answer } = setUp();
  end("a", "bad", "b");
  await answer(taken, 1);
  expect(destination.sent.map(({ names }) => names)).toEqual([["a", "b"]]);
  expect(queue.counters.dropped.not_encodable).toBe(1);
});

test("what still waits when the process ends is counted", async () => {
  const { queue, end } = setUp({ maxExportBatchSize: 10, maxQueueSize: 10 });
  end("a", "b", "c");
  await queue.abort();
  end("after");
  expect(queue.counters.dropped).toMatchObject({ shut_down: 3, after_shutdown: 1 });
});
