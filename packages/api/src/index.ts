export * from "./errors.ts";
export * from "./enhancements.ts";
export * from "./jobs.ts";
export * from "./storage.ts";
export * from "./tickets.ts";
export * from "./trace-sets.ts";
export * from "./traces.ts";
export * from "./webhook.ts";
