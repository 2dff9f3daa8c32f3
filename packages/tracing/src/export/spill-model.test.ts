import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { SpillFile } from "./spill-file.ts";

type WhenFull = "drop_newest" | "drop_oldest";
type Step = { kind: "append"; length: number } | { kind: "shift" } | { kind: "restart" };

const limit = 400;
const header = 40;

/** What a spill file has to do, in memory. */
class Model {
  private readonly whenFull: WhenFull;
  private waiting: Buffer[] = [];

  constructor(whenFull: WhenFull) {
    this.whenFull = whenFull;
  }

  get bytes(): number {
    return this.waiting.reduce((sum, { length }) => sum + 16 + length, header);
  }

  get spans(): number {
    return this.waiting.length;
  }

  get first(): Buffer | undefined {
    return this.waiting[0];
  }

  shift(): void {
    this.waiting.shift();
  }

  /** Returns how many had to go. */
  append(body: Buffer): number {
    const before = this.spans;
    if (this.whenFull === "drop_oldest") while (this.bytes + 16 + body.length > limit) this.waiting.shift();
    const dropped = before - this.spans;
    if (this.bytes + 16 + body.length > limit) return dropped + 1;
    this.waiting.push(body);
    return dropped;
  }
}

const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    { weight: 6, arbitrary: fc.record({ kind: fc.constant("append" as const), length: fc.nat(150) }) },
    { weight: 3, arbitrary: fc.constant({ kind: "shift" as const }) },
    { weight: 1, arbitrary: fc.constant({ kind: "restart" as const }) },
  ),
  { maxLength: 60 },
);

async function compare(path: string, whenFull: WhenFull, todo: readonly Step[]): Promise<void> {
  let file = SpillFile.open(path, limit, whenFull);
  const model = new Model(whenFull);
  for (const [at, step] of todo.entries()) {
    let [did, should]: unknown[] = [];
    if (step.kind === "restart") {
      await file.close();
      file = SpillFile.open(path, limit, whenFull);
    } else if (step.kind === "shift") {
      [did, should] = [(await file.peek())?.body, model.first];
      await file.shift();
      model.shift();
    } else {
      const body = Buffer.alloc(step.length, at);
      [did, should] = [await file.append(body, 1), { droppedSpans: model.append(body) }];
    }
    expect(did).toEqual(should);
    expect([file.spans, file.bytes, file.damagedSpans]).toEqual([model.spans, model.bytes, 0]);
    expect((await stat(path)).size).toBeLessThanOrEqual(limit);
  }
  await file.close();
}

test("it does what a bounded queue in memory does, whatever is done to it, and never outgrows its limit", async () => {
  const directory = await mkdtemp(join(tmpdir(), "spill-model-"));
  let files = 0;
  const whenFull = fc.constantFrom("drop_newest" as const, "drop_oldest" as const);
  await fc.assert(
    fc.asyncProperty(whenFull, steps, (policy, todo) =>
      compare(join(directory, String(files++)), policy, todo),
    ),
    { numRuns: 80, seed: 4 },
  );
  await rm(directory, { recursive: true });
});
