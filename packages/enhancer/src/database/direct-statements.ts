import type { SQLInputValue } from "node:sqlite";

/** Business data in a file, with no query builder between: for what each ticket asks and leaves behind. */
export interface DirectStatements {
  run(sql: string, ...values: SQLInputValue[]): number;
  // oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- the row's type stands beside the statement that yields it
  get<T>(sql: string, ...values: SQLInputValue[]): T | undefined;
  /** All changes of one turn of the event loop, those of a queue in the same file included, are one transaction and one fsync. */
  readonly commit: { durable<T>(work: () => T): Promise<T> };
}
