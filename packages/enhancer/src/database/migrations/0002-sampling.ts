import type { Migration } from "./migration.ts";

/** What an unsampled ticket's trace needs once the ticket turns out to be worth keeping. */
export const sampling: Migration = {
  name: "0002-sampling",
  sqlite: `
    alter table jobs add column slow_after_ms integer;
    alter table jobs add column origin text;
  `,
};
