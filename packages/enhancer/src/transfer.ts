/** What `backup` and `restore` need of the enhancer's state. */
export { copySqlite } from "./database/copy-sqlite.ts";
export { keyIdOfFile, keyIdsOf, tenantsKeyOf } from "./tenants/key-ids.ts";
export { copyQueue, hasQueue, queueServerOf } from "./queue/redis/transfer.ts";
