import { SpanKind, type Tracer } from "@opentelemetry/api";
import type { CompiledQuery } from "kysely";
import type { EnhancerDatabase } from "../database/schema.ts";
import { inTicketSpan, type TicketRef } from "../span.ts";

/** Runs one statement in a CLIENT span of its own (database semantic conventions); parameters are never on it. */
export type RunStatement = <T>(
  database: EnhancerDatabase,
  collection: string,
  query: CompiledQuery<T>,
) => Promise<T[]>;

export function statementRunner(tracer: Tracer, ticket: TicketRef, signal: AbortSignal): RunStatement {
  return async (database, collection, query) => {
    signal.throwIfAborted();
    const attributes = {
      "db.system.name": "sqlite",
      "db.operation.name": "SELECT",
      "db.collection.name": collection,
      "db.query.text": query.sql,
    };
    return inTicketSpan(
      tracer,
      `SELECT ${collection}`,
      ticket,
      { kind: SpanKind.CLIENT, attributes },
      async (span) => {
        const { rows } = await database.executeQuery(query);
        span.setAttribute("db.response.returned_rows", rows.length);
        return rows;
      },
    );
  };
}
