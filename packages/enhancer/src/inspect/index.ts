export { type DatabaseFacts, inspectPostgres } from "./postgres.ts";
export { inspectRedis, type RedisFacts } from "./redis.ts";
export { probeDesk } from "./desk.ts";
export { probeQueue } from "./queue.ts";
