/** What `backup` and `restore` need of the enhancer's state. */
export { copySqlite } from "./database/copy-sqlite.ts";
export { rollBack as rollBackPostgres } from "./database/postgres.ts";
export { listSnapshots, rollBackSqlite } from "./database/sqlite-snapshots.ts";
export { keyIdOfFile, keyIdsOf, tenantsKeyOf } from "./tenants/key-ids.ts";
export { copyQueue, hasQueue, queueServerOf } from "./queue/redis/transfer.ts";
