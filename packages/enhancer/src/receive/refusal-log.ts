import { type ErrorCode, errorTable } from "@throughline/api";
import type { Logger } from "pino";

const windowMs = 10_000;

interface Told {
  more: number;
  code: ErrorCode;
  tenantId: string | undefined;
}

/**
 * Refusals as log lines, not as a flood: the first of a code and tenant at once, with where it came from; those of the next ten seconds
 * as one line with their number. Nothing of a request but its address is in them.
 */
export class RefusalLog {
  private readonly logger: Logger;
  private readonly told = new Map<string, Told>();
  private timer: NodeJS.Timeout | undefined;

  constructor(logger: Logger) {
    this.logger = logger;
  }

  add(code: ErrorCode, details: { tenantId?: string; address?: string; err?: unknown }): void {
    const { tenantId } = details;
    const key = `${code}\n${tenantId ?? ""}`;
    const told = this.told.get(key);
    if (told !== undefined) {
      told.more++;
      return;
    }
    this.told.set(key, { more: 0, code, tenantId });
    this.timer ??= setTimeout(() => this.summarise(), windowMs).unref();
    const line = {
      code,
      ...(tenantId === undefined ? {} : { tenant_id: tenantId }),
      ...(details.address === undefined ? {} : { remote: details.address }),
      ...(details.err === undefined ? {} : { err: details.err }),
    };
    if ((errorTable[code].status ?? 500) >= 500) this.logger.error(line, "a webhook could not be accepted");
    else this.logger.info(line, "a webhook was refused");
  }

  close(): void {
    clearTimeout(this.timer);
    this.summarise();
  }

  private summarise(): void {
    this.timer = undefined;
    for (const { more, code, tenantId } of this.told.values()) {
      if (more === 0) continue;
      const line = { code, more, ...(tenantId === undefined ? {} : { tenant_id: tenantId }) };
      this.logger.info(line, `${more} more webhooks were refused for the same within ${windowMs / 1_000} s`);
    }
    this.told.clear();
  }
}
