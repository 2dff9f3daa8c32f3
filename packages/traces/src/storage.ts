import {
  cleanReport,
  type CleanReport,
  cleanRequest,
  type EraseReport,
  eraseRequest,
  type EraseRequest,
  pinRequest,
  type StorageCheck,
  type StorageStatus,
  ThroughlineError,
} from "@throughline/api";
import type { FastifyInstance } from "fastify";
import type { Logger } from "pino";
import { Engine } from "./threads/engine.ts";

/** What an operator does with what is stored, in a running backend or on its directory. */
export interface TraceStorage {
  status(): Promise<StorageStatus>;
  /** Deletes, in whole blocks, what was received longer ago; pinned traces stay. */
  clean(olderThanMs: number): Promise<CleanReport>;
  pin(traceId: string): Promise<void>;
  unpin(traceId: string): Promise<void>;
  /** Deletes every span, stored until now, of the traces that have all that is named. */
  erase(what: EraseRequest): Promise<EraseReport>;
  /** Reads every block and verifies every checksum. */
  check(): Promise<StorageCheck>;
}

export function storageOf(engine: Engine): TraceStorage {
  return {
    status: async () => {
      const { blocks, usage, pins, damaged } = await engine.status();
      // Asks the ingest thread for what is in memory now.
      await engine.health();
      const { rows, logBytes } = engine.stats();
      const sum = (of: (entry: (typeof blocks)[number]) => number): number =>
        blocks.reduce((total, entry) => total + of(entry), 0);
      const starts = blocks.flatMap(({ firstStart, lastStart }) => [BigInt(firstStart), BigInt(lastStart)]);
      const removed = engine.removed();
      return {
        spans: sum(({ rows: spans }) => spans),
        traces: sum(({ traces }) => traces),
        bytes: sum(({ bytes }) => bytes),
        oldest: starts.length === 0 ? null : timeOf(starts.reduce((a, b) => (a < b ? a : b))),
        newest: starts.length === 0 ? null : timeOf(starts.reduce((a, b) => (a > b ? a : b))),
        blocks: blocks.length,
        head: { spans: rows },
        log: { bytes: logBytes },
        ...usage,
        pinned: [...pins],
        damaged: [...damaged],
        removed:
          removed === null
            ? null
            : { at: new Date(removed.atMs).toISOString(), until: timeOf(BigInt(removed.lastStart)) },
      };
    },
    clean: async (olderThanMs) => {
      const spansOf = async (): Promise<[blocks: number, spans: number]> => {
        const { blocks } = await engine.status();
        return [blocks.length, blocks.reduce((spans, { rows }) => spans + rows, 0)];
      };
      await engine.seal();
      const before = await spansOf();
      await engine.clean(olderThanMs);
      const after = await spansOf();
      return cleanReport.parse({
        blocksRemoved: Math.max(0, before[0] - after[0]),
        spans: Math.max(0, before[1] - after[1]),
      });
    },
    pin: (traceId) => engine.pin(traceId),
    unpin: (traceId) => engine.unpin(traceId),
    erase: ({ ticket, tenant }) => {
      const attributes: [string, string][] = [];
      if (ticket !== undefined) attributes.push(["ticket.id", ticket]);
      if (tenant !== undefined) attributes.push(["tenant.id", tenant]);
      return engine.erase(attributes);
    },
    check: () => engine.check(),
  };
}

/** The storage of a directory that no backend runs on. Nothing is deleted by its age meanwhile. Errors as createTraceBackend. */
export async function openTraceStorage(
  directory: string,
  logger: Logger,
): Promise<TraceStorage & { close(): Promise<void> }> {
  const engine = await Engine.start(
    { directory, durability: "fsync", retentionMs: Number.POSITIVE_INFINITY },
    logger,
  );
  try {
    await engine.seal();
  } catch (error) {
    await engine.stop();
    throw error;
  }
  return { ...storageOf(engine), close: () => engine.stop() };
}

/** Under /api/storage of the admin address; what changes something asks for its token. */
export function storageRoutes(storage: TraceStorage): (server: FastifyInstance) => void {
  return (server) => {
    server.get("/api/storage", () => storage.status());
    server.post("/api/storage/check", () => storage.check());
    server.post("/api/storage/clean", (request) =>
      storage.clean(parsed(cleanRequest, request.body).olderThanMs),
    );
    server.post("/api/storage/erase", (request) => storage.erase(parsed(eraseRequest, request.body)));
    server.post("/api/storage/pin", async (request) => {
      await storage.pin(parsed(pinRequest, request.body).traceId);
      return {};
    });
    server.post("/api/storage/unpin", async (request) => {
      await storage.unpin(parsed(pinRequest, request.body).traceId);
      return {};
    });
  };
}

function parsed<T>(
  schema: { safeParse(body: unknown): { data?: T; error?: { issues: { message: string }[] } } },
  body: unknown,
): T {
  const { data, error } = schema.safeParse(body);
  if (data !== undefined) return data;
  throw new ThroughlineError(
    "TL_BODY_UNREADABLE",
    `The request: ${error?.issues[0]?.message ?? "not as expected"}.`,
  );
}

/** RFC 3339 of a time in nanoseconds, as far as dates go. */
function timeOf(nanoseconds: bigint): string {
  const ms = nanoseconds / 1_000_000n;
  return ms > 8_640_000_000_000_000n ? `${nanoseconds} ns` : new Date(Number(ms)).toISOString();
}
