import { initial } from "./0001-initial.ts";
import { sampling } from "./0002-sampling.ts";
import { queue } from "./0003-queue.ts";
import { tenantSettings } from "./0004-tenant-settings.ts";
import { enhancementRecords } from "./0005-enhancements.ts";
import { context } from "./0006-context.ts";
import { vaultAndAudit } from "./0007-vault-and-audit.ts";
import { deliveries } from "./0008-deliveries.ts";
import { slimSearchRows } from "./0009-slim-search-rows.ts";
import type { Migration } from "./migration.ts";

/**
 * Forward-only; index + 1 is the version it leads to, in both databases. Append only: one that was released is never edited.
 */
export const migrations: readonly Migration[] = [
  initial,
  sampling,
  queue,
  tenantSettings,
  enhancementRecords,
  context,
  vaultAndAudit,
  deliveries,
  slimSearchRows,
];
