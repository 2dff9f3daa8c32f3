import type { FastifyInstance, FastifyRequest } from "fastify";
import { CallStructures } from "../../analyse/call-structure.ts";
import { Differences, type Selection } from "../../analyse/differences.ts";
import { buildTree } from "../../analyse/tree.ts";
import type { SpanRecord } from "../../model.ts";
import type { SpanReader } from "../../query/reader.ts";
import { withUniqueIds } from "../../query/unique-ids.ts";
import { askerOf } from "../asker.ts";
import { sendJson } from "../json-answer.ts";
import { readDuration, readInteger } from "../parameters/go-values.ts";
import { QueryParameters, wrongParameter } from "../parameters/query.ts";
import { parseHexTraceId } from "../parameters/trace-id.ts";
import { pagesOf } from "./pages.ts";
import { readTraceSearch } from "./search.ts";

const spansAtMost = 200_000;
const tracesAtMost = 2_000;
/** Few at a time, as they may be large. */
const tracesOfPage = 10;
const idsAtMost = 20;
const defaultLimit = { structure: 50, differences: 500 } as const;
const defaultMost = 50;

/** Sets of traces: what they look like together, and what tells some from the rest (the contract: `trace-sets.ts` of `@throughline/api`). */
export function setRoutes(server: FastifyInstance, reader: SpanReader): void {
  server.get("/api/throughline/structure", async (request, reply) => {
    const query = queryOf(request);
    const structures = new CallStructures();
    const ids = query.all("trace").map((text) => {
      const id = parseHexTraceId(text);
      if (id === undefined) throw wrongParameter("trace", "must be 1 to 32 hexadecimal digits");
      return id;
    });
    if (ids.length > idsAtMost) throw wrongParameter("trace", `may be given ${idsAtMost} times at most`);
    const signal = askerOf(request, reply);
    const add = (trace: readonly SpanRecord[]): void => structures.add(buildTree(withUniqueIds(trace)));
    const isPartial =
      ids.length > 0
        ? await eachNamed(reader, ids, signal, add)
        : await eachFound(reader, query.without("trace"), defaultLimit.structure, signal, add);
    return sendJson(reply, [JSON.stringify(structures.result(isPartial))]);
  });

  server.get("/api/throughline/differences", async (request, reply) => {
    const query = queryOf(request);
    const selection = selectionOf(query);
    const most = Number(readInteger("attributes", query.first("attributes")) ?? defaultMost);
    if (most < 1 || most > 1_000) throw wrongParameter("attributes", "must be between 1 and 1000");
    const differences = new Differences();
    const isPartial = await eachFound(
      reader,
      query.without("select", "slowerThan", "attributes"),
      defaultLimit.differences,
      askerOf(request, reply),
      (trace) => differences.add(trace),
    );
    return sendJson(reply, [JSON.stringify(differences.result(selection, most, isPartial))]);
  });
}

function queryOf(request: FastifyRequest): QueryParameters {
  return QueryParameters.of(request.raw.url ?? "");
}

function selectionOf(query: QueryParameters): Selection {
  const slowerThan = readDuration("slowerThan", query.first("slowerThan"));
  const kind = query.first("select") ?? (slowerThan === undefined ? "error" : "slow");
  if (kind !== "error" && kind !== "slow") throw wrongParameter("select", "must be error or slow");
  if (kind === "error" && slowerThan !== undefined)
    throw wrongParameter("slowerThan", "goes with select=slow only");
  return kind === "error"
    ? { kind }
    : { kind, slowerThanNs: slowerThan === undefined ? undefined : Number(slowerThan) };
}

/** Visits traces until so many spans were seen; whether some were not. */
async function eachNamed(
  reader: SpanReader,
  ids: readonly string[],
  signal: AbortSignal,
  visit: (trace: readonly SpanRecord[]) => void,
): Promise<boolean> {
  let spans = 0;
  for (const id of new Set(ids)) {
    if (spans >= spansAtMost) return true;
    const [trace] = await reader.traces([id], { signal });
    if (trace === undefined) continue;
    visit(trace);
    spans += trace.length;
  }
  return false;
}

/** As `eachNamed`, what a search finds, the newest first. */
async function eachFound(
  reader: SpanReader,
  query: QueryParameters,
  limit: number,
  signal: AbortSignal,
  visit: (trace: readonly SpanRecord[]) => void,
): Promise<boolean> {
  const asked = query.first("limit") === undefined ? query.with("limit", String(limit)) : query;
  const { id, filters } = readTraceSearch(asked, tracesAtMost);
  if (id !== undefined)
    throw wrongParameter("q", "names one trace or ticket: use trace, or tag=ticket.id=...");
  let spans = 0;
  let traces = 0;
  for await (const page of pagesOf(reader, filters, filters.limit, signal, tracesOfPage)) {
    for (const trace of page) {
      if (spans >= spansAtMost) return true;
      visit(trace);
      spans += trace.length;
      traces++;
    }
  }
  return traces === filters.limit;
}
