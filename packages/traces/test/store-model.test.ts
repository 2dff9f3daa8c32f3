import * as fc from "fast-check";
import { expect, test } from "vitest";
import { serviceName, type SpanRecord } from "../src/model.ts";
import { attributeText } from "../src/store/attribute-text.ts";
import { text } from "../src/store/example-spans.ts";
import { newStore, smallHead, store, temporaryDirectory } from "../src/store/open-store.ts";
import {
  anyQuery,
  attributesOf,
  naiveFacet,
  naiveSearch,
  smallSpan,
} from "../src/store/search/naive-model.ts";
import type { TraceStore } from "../src/store/store.ts";
import { rounds, seed } from "./rounds.ts";

type Step =
  | { do: "send"; spans: { span: SpanRecord; again: number; ticket: number }[] }
  | { do: "seal" | "maintain" | "retain" | "reopen" }
  | { do: "pin" | "unpin"; trace: number }
  | { do: "erase"; ticket: number };

const trace = fc.nat({ max: 12 });
const ticket = fc.nat({ max: 3 });
const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({
        do: fc.constant("send" as const),
        // Some are spans that were sent before, with other contents.
        spans: fc.array(fc.record({ span: smallSpan, again: fc.nat({ max: 60 }), ticket }), {
          minLength: 1,
          maxLength: 8,
        }),
      }),
    },
    { weight: 5, arbitrary: fc.record({ do: fc.constantFrom("seal" as const, "maintain" as const) }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constantFrom("retain" as const, "reopen" as const) }) },
    { weight: 3, arbitrary: fc.record({ do: fc.constantFrom("pin" as const, "unpin" as const), trace }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant("erase" as const), ticket }) },
  ),
  { minLength: 1, maxLength: 40 },
);

const keyOf = ({ traceId, spanId, kind, startUnixNano }: SpanRecord): string =>
  `${traceId} ${spanId} ${kind} ${startUnixNano}`;
const traceIdOf = (number: number): string => String(number + 1).padStart(32, "0");

test("whatever is done to a store, in whatever order, it answers as a list of spans would", async () => {
  await fc.assert(
    fc.asyncProperty(
      steps,
      fc.array(anyQuery, { minLength: 3, maxLength: 3 }),
      fc.boolean(),
      async (all, queries, sendsAgain) => {
        const directory = await temporaryDirectory();
        const clock = { ms: 1_000 };
        const open = (): Promise<TraceStore> =>
          newStore({ directory, nowMs: () => clock.ms, headSize: smallHead, durability: "os" });
        let opened = await open();
        const sent: SpanRecord[] = [];
        let inHead = new Map<string, SpanRecord>();
        let stored = new Map<string, SpanRecord>();
        const pins = new Set<string>();
        const seal = (): void => {
          opened.heads.seal("now");
          stored = new Map([...stored, ...inHead]);
          inHead = new Map();
        };
        try {
          for (const step of all) {
            clock.ms += 10;
            switch (step.do) {
              case "send": {
                const spans = step.spans.map(({ span, again, ticket: own }) => {
                  const { traceId, spanId, kind, startUnixNano } = (sendsAgain && sent[again]) || {
                    ...span,
                    spanId: String(sent.length + 1).padStart(16, "0"),
                  };
                  const made = {
                    ...span,
                    traceId,
                    spanId,
                    kind,
                    startUnixNano,
                    attributes: [...span.attributes, text("ticket.id", `T-${own}`)],
                  };
                  sent.push(made);
                  return made;
                });
                await store(opened, ...spans);
                for (const span of spans) {
                  inHead.delete(keyOf(span));
                  inHead.set(keyOf(span), span);
                }
                break;
              }
              case "seal":
                seal();
                break;
              case "maintain":
                while (opened.keeper.merge());
                break;
              case "retain":
                // Everything that is in a block is older.
                opened.keeper.retain(-1);
                stored = new Map([...stored].filter(([, span]) => pins.has(span.traceId)));
                break;
              case "reopen":
                await opened.close();
                opened = await open();
                stored = new Map([...stored, ...inHead]);
                inHead = new Map();
                break;
              case "pin":
                pins.add(traceIdOf(step.trace));
                opened.keeper.pin(traceIdOf(step.trace));
                break;
              case "unpin":
                pins.delete(traceIdOf(step.trace));
                opened.keeper.unpin(traceIdOf(step.trace));
                break;
              case "erase": {
                seal();
                opened.keeper.erase([["ticket.id", `T-${step.ticket}`]]);
                const gone = new Set(
                  [...stored.values()]
                    .filter(({ attributes }) =>
                      attributes.some(
                        ({ key, value }) =>
                          key === "ticket.id" && attributeText(value) === `T-${step.ticket}`,
                      ),
                    )
                    .map(({ traceId }) => traceId),
                );
                stored = new Map([...stored].filter(([, span]) => !gone.has(span.traceId)));
                for (const one of gone) pins.delete(one);
                break;
              }
            }
            const spans = [...new Map([...stored, ...inHead]).values()];
            await answersAs(spans, opened, queries, !sendsAgain);
          }
        } finally {
          await opened.close();
        }
      },
    ),
    { numRuns: rounds(1_000), seed },
  );
}, 3_600_000);

async function answersAs(
  spans: readonly SpanRecord[],
  { reader }: TraceStore,
  queries: readonly Parameters<typeof naiveSearch>[1][],
  isEachOnce: boolean,
): Promise<void> {
  for (const query of queries) {
    const { traces } = await reader.search(query);
    expect(traces.map(([span]) => span?.traceId)).toEqual(
      naiveSearch(spans, query).map(({ traceId }) => traceId),
    );
    for (const found of traces) {
      expect(found.map(keyOf).sort()).toEqual(
        spans
          .filter(({ traceId }) => traceId === found[0]?.traceId)
          .map(keyOf)
          .sort(),
      );
    }
  }
  // Copies in several blocks count there as often: docs/search.md.
  if (!isEachOnce) return;
  const window = { startMin: 0n, startMax: 2n ** 64n - 1n, limit: 50 };
  expect(await reader.attributeValues("ticket.id", window)).toEqual(
    naiveFacet(spans, window, (span) =>
      attributesOf(span)
        .filter(({ key }) => key === "ticket.id")
        .map(({ value }) => attributeText(value)),
    ),
  );
  const red = await reader.red({ fromMinute: 0, toMinute: 1e9 });
  expect(red.reduce((sum, { total }) => sum + total.spans, 0)).toBe(spans.length);
  expect(await reader.services()).toEqual(
    [...new Set(spans.map((span) => serviceName(span.resource)))].sort(),
  );
}
