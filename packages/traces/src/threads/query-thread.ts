/** A query thread: reads sealed blocks and heads. Started by engine.ts. */
import { workerData } from "node:worker_threads";
import { writeTraces } from "../api/trace-texts.ts";
import type { SpanRecord } from "../model.ts";
import type { SearchAnswer } from "../query/reader.ts";
import { isDamage } from "../store/keeper.ts";
import { SegmentSet } from "../store/search/segment-set.ts";
import { StoreReader } from "../store/search/store-reader.ts";
import type {
  PackedAnswer,
  QueryCall,
  QueryEvent,
  QueryNotice,
  QueryThreadConfig,
  ReadCall,
} from "./messages.ts";
import { type Answer, serveThread } from "./serve.ts";
import { pack } from "./span-transfer.ts";

const { directory, limitMs } = workerData as QueryThreadConfig;

serveThread<QueryCall, QueryNotice, QueryEvent>((port) => {
  const set = new SegmentSet(directory, (failure) => {
    port.event({ failed: failure.block, isDamage: isDamage(failure), reason: failure.message });
  });
  const reader = new StoreReader(set, limitMs);
  /** The version that each query under way began with. */
  const underWay = new Map<number, { version: number; asker: AbortController }>();
  let version = 0;
  let told = 0;
  const tellSeen = (): void => {
    const oldest = Math.min(version, ...Array.from(underWay.values(), (query) => query.version));
    if (oldest > told) port.event({ seen: (told = oldest) });
  };
  const answer = async ({ read, number, tenant }: QueryCall): Promise<Answer> => {
    const query = { version, asker: new AbortController() };
    underWay.set(number, query);
    try {
      return await answerRead(reader.of(tenant), read, query.asker.signal);
    } catch (error) {
      // Nobody waits for it, and nothing went wrong.
      if (query.asker.signal.aborted) return { value: undefined };
      throw error;
    } finally {
      underWay.delete(number);
      tellSeen();
    }
  };
  const hear = (notice: QueryNotice): void => {
    if ("cancel" in notice) {
      underWay.get(notice.cancel)?.asker.abort();
      return;
    }
    set.update(notice.view);
    ({ version } = notice);
    tellSeen();
  };
  return { answer, hear };
});

async function answerRead(reader: StoreReader, call: ReadCall, signal: AbortSignal): Promise<Answer> {
  switch (call.method) {
    case "traces":
      return packed(await reader.traces(call.args[0], { signal }), undefined);
    case "search": {
      const { traces, next }: SearchAnswer = await reader.search(call.args[0], { signal });
      return packed(traces, next);
    }
    case "texts": {
      const [query] = call.args;
      const value = await writeTraces(await reader.traces(query.traceIds, { signal }), query, signal);
      return { value, transfer: value.flatMap(({ chunks }) => chunks.map(({ buffer }) => buffer)) };
    }
    case "columns": {
      const value = await reader.columns(call.args[0], call.args[1], { signal });
      return { value, transfer: (value?.chunks ?? []).map(({ buffer }) => buffer) };
    }
    case "services":
      return { value: await reader.services({ signal }) };
    case "operations":
      return { value: await reader.operations(call.args[0], { signal }) };
    case "attributeKeys":
      return { value: await reader.attributeKeys(call.args[0], { signal }) };
    case "attributeValues":
      return { value: await reader.attributeValues(call.args[0], call.args[1], { signal }) };
    case "red":
      return { value: await reader.red(call.args[0], { signal }) };
    case "metrics":
      return { value: await reader.metrics(call.args[0], { signal }) };
    case "edges":
      return { value: await reader.edges(call.args[0], { signal }) };
  }
}

function packed(traces: readonly SpanRecord[][], next: SearchAnswer["next"]): Answer {
  const spans = pack(traces);
  const transfer = [spans.dictionary.buffer, spans.times.buffer, spans.numbers.buffer];
  return { value: { spans, next } satisfies PackedAnswer, transfer };
}
