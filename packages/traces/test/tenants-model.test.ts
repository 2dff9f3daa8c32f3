import * as fc from "fast-check";
import { expect, test } from "vitest";
import { type KeyValue, ownerOf, serviceName, type SpanRecord, tenantAttribute } from "../src/model.ts";
import type { SpanReader } from "../src/query/reader.ts";
import { attributeText } from "../src/store/attribute-text.ts";
import { encodeBatch } from "../src/store/batch-encoding.ts";
import { text } from "../src/store/example-spans.ts";
import { newStore, temporaryDirectory } from "../src/store/open-store.ts";
import {
  anyQuery,
  attributesOf,
  naiveFacet,
  naiveSearch,
  smallSpan,
} from "../src/store/search/naive-model.ts";
import { StoreReader } from "../src/store/search/store-reader.ts";
import { headSegment } from "../src/store/search/segments.ts";
import type { TraceStore } from "../src/store/store.ts";
import { spansOfColumns } from "../src/trace-columns/example-columns.ts";
import { rounds, seed } from "./rounds.ts";

const tenants = ["acme", "globex"] as const;
type Tenant = (typeof tenants)[number];

interface Sent {
  span: SpanRecord;
  /** Whose token sent it; undefined: one without a tenant. */
  by: Tenant | undefined;
  after: "nothing" | "seal" | "merge" | "restart";
}

const named = fc.option(fc.constantFrom<string>(...tenants, "other"), { nil: undefined });
/** Any sender may write any tenant's name, and try to write what only the store may. */
const sent: fc.Arbitrary<Sent[]> = fc
  .array(
    fc.record({
      span: smallSpan,
      id: fc.nat({ max: 30 }),
      parent: fc.nat({ max: 30 }),
      by: fc.option(fc.constantFrom(...tenants), { nil: undefined, freq: 2 }),
      onSpan: named,
      onResource: named,
      forged: named,
      after: fc.oneof(
        { weight: 12, arbitrary: fc.constant("nothing" as const) },
        fc.constantFrom("seal" as const, "merge" as const, "restart" as const),
      ),
    }),
    { minLength: 1, maxLength: 30 },
  )
  .map((all) =>
    all.map(({ span, id, parent, by, onSpan, onResource, forged, after }, at) => {
      const label = (value: string | undefined): KeyValue[] =>
        value === undefined ? [] : [text("tenant.id", value)];
      const forge = forged === undefined ? [] : [text(tenantAttribute, forged)];
      return {
        by,
        after,
        span: {
          ...span,
          // Few ids, so that tenants use each other's; each start is another, so that nothing is a copy of one sender.
          spanId: String(id + 1).padStart(16, "0"),
          parentSpanId: parent === id ? "" : String(parent + 1).padStart(16, "0"),
          startUnixNano: span.startUnixNano + BigInt(at),
          endUnixNano: span.endUnixNano + BigInt(at),
          attributes: [...span.attributes, ...label(onSpan), ...forge],
          resource: {
            ...span.resource,
            attributes: [...forge, ...span.resource.attributes, ...label(onResource)],
          },
        },
      };
    }),
  );

/** What is stored: nothing of what the sender says of its own tenant, and the word of the store. */
function stored({ span, by }: Sent): SpanRecord {
  const honest = (attributes: readonly KeyValue[]) => attributes.filter(({ key }) => key !== tenantAttribute);
  const stamp = by === undefined ? [] : [text(tenantAttribute, by)];
  return {
    ...span,
    attributes: honest(span.attributes),
    resource: { ...span.resource, attributes: [...honest(span.resource.attributes), ...stamp] },
  };
}

function namesOf(span: SpanRecord): string[] {
  return [...span.attributes, ...span.resource.attributes]
    .filter(({ key }) => key === "tenant.id")
    .map(({ value }) => attributeText(value));
}

/** The rule, said plainly: see docs/access.md. */
function visibleTo(tenant: Tenant, all: readonly SpanRecord[]): SpanRecord[] {
  const trusted = Map.groupBy(
    all.filter((span) => ownerOf(span.resource) === undefined),
    ({ traceId }) => traceId,
  );
  return all.filter((span) => {
    const owner = ownerOf(span.resource);
    if (owner !== undefined) return owner === tenant;
    const names = new Set((trusted.get(span.traceId) ?? []).flatMap(namesOf));
    if (!names.has(tenant)) return false;
    const own = namesOf(span);
    return names.size === 1 || (own.length > 0 && own.every((name) => name === tenant));
  });
}

/** Stores everything in the given order, with what happens to a store in between. */
async function storeAll(all: readonly Sent[]): Promise<TraceStore> {
  const directory = await temporaryDirectory();
  let store = await newStore({ directory });
  for (const { span, by, after } of all) {
    await store.heads.append(encodeBatch([span]), { tenant: by });
    if (after === "seal") store.heads.seal("now");
    if (after === "merge") {
      store.heads.seal("now");
      store.maintain();
    }
    if (after === "restart") {
      await store.close();
      store = await newStore({ directory });
    }
  }
  return store;
}

const everything = { startMin: 0n, startMax: 2n ** 64n - 1n, limit: 50 };
const minutes = { fromMinute: 0, toMinute: 2 ** 40 };

function sorted(spans: readonly SpanRecord[]): SpanRecord[] {
  return spans.toSorted((a, b) => (a.startUnixNano < b.startUnixNano ? -1 : 1));
}

/** Slowness is the trace's, as its reader sees it. */
const withoutSlow = (span: SpanRecord): SpanRecord => ({
  ...span,
  attributes: span.attributes.filter(({ key }) => key !== "slow_trace"),
});

test("a tenant's token sees its own spans and its traces of trusted senders, in every kind of answer, and nothing else", async () => {
  await fc.assert(
    fc.asyncProperty(sent, fc.array(anyQuery, { minLength: 6, maxLength: 6 }), async (all, queries) => {
      const store = await storeAll(all);
      try {
        const spans = all.map(stored);
        for (const tenant of [...tenants, undefined]) {
          const seen = tenant === undefined ? spans : visibleTo(tenant, spans);
          const reader: SpanReader = store.reader.of(tenant);
          for (const query of queries) {
            const { traces } = await reader.search(query);
            expect(traces.map(([span]) => span?.traceId)).toEqual(
              naiveSearch(seen, query).map(({ traceId }) => traceId),
            );
            for (const trace of traces)
              expect(sorted(trace.map(withoutSlow))).toEqual(
                sorted(seen.filter(({ traceId }) => traceId === trace[0]?.traceId).map(withoutSlow)),
              );
          }
          const byTrace = Map.groupBy(seen, ({ traceId }) => traceId);
          for (const traceId of new Set(spans.map((span) => span.traceId))) {
            const [found] = await reader.traces([traceId]);
            expect(sorted((found ?? []).map(withoutSlow))).toEqual(
              sorted((byTrace.get(traceId) ?? []).map(withoutSlow)),
            );
            const columns = await reader.columns(traceId, "all");
            const bytes = columns && Uint8Array.from(Buffer.concat(columns.chunks));
            const shown = bytes === undefined ? [] : spansOfColumns(bytes);
            expect(shown.map(({ name }) => name).sort()).toEqual(
              (byTrace.get(traceId) ?? []).map(({ name }) => name).sort(),
            );
          }
          await expectStatistics(reader, seen);
        }
      } finally {
        await store.close();
      }
    }),
    { numRuns: rounds(600), seed },
  );
}, 3_600_000);

async function expectStatistics(reader: SpanReader, seen: readonly SpanRecord[]): Promise<void> {
  // Another store that has never held anything else.
  const alone = new StoreReader({
    segments: () => (seen.length === 0 ? [] : [headSegment(seen)]),
    failed: () => Promise.resolve(),
  });
  expect(await reader.services()).toEqual(
    [...new Set(seen.map((span) => serviceName(span.resource)))].sort(),
  );
  for (const service of ["shop", "desk"])
    expect(await reader.operations(service)).toEqual(await alone.operations(service));
  expect(await reader.attributeKeys(everything)).toEqual(
    naiveFacet(seen, everything, (span) => attributesOf(span).map(({ key }) => key)),
  );
  for (const key of ["a", "tenant.id", tenantAttribute])
    expect(await reader.attributeValues(key, everything)).toEqual(
      await alone.attributeValues(key, everything),
    );
  expect(await reader.red(minutes)).toEqual(await alone.red(minutes));
  const metrics = {
    services: ["shop", "desk"],
    kinds: [0, 1, 2, 3, 4, 5] as const,
    byOperation: true,
    quantile: 0.95,
    fromMinute: 28_333_330,
    toMinute: 28_333_345,
    everyMinutes: 1,
    overMinutes: 3,
  };
  expect(await reader.metrics(metrics)).toEqual(await alone.metrics(metrics));
  // Calls are counted where parent and child are stored side by side: never more than if all were.
  const calls = new Map(
    (await alone.edges(minutes)).map((edge) => [`${edge.parent} ${edge.child}`, edge.calls]),
  );
  for (const { parent, child, calls: found } of await reader.edges(minutes))
    expect(found).toBeLessThanOrEqual(calls.get(`${parent} ${child}`) ?? 0);
}
