import { ThroughlineError } from "@throughline/api";
import type { Tenant, Tenants } from "../tenants/tenants.ts";
import { type Door, doorOf } from "./door.ts";
import type { Incoming } from "./incoming.ts";
import { MemoryRateLimiter } from "./rate/memory-rate-limiter.ts";
import { type RateLimiter, rateFields, wholeSeconds, windowMs } from "./rate/rate-limiter.ts";
import { Refused } from "./refused.ts";

export interface Authenticated {
  door: Door;
  /** `RateLimit` fields of the answer. */
  headers: Readonly<Record<string, string>>;
}

const noHeaders = {};

/** Who sent a request: tenant, address, signature, rate, in this order. */
export class Authenticator {
  private readonly tenants: Pick<Tenants, "find" | "only">;
  private readonly rates: RateLimiter;
  private readonly failures = new MemoryRateLimiter();
  private readonly failuresPerMinute: number;

  constructor(tenants: Pick<Tenants, "find" | "only">, rates: RateLimiter, failuresPerMinute: number) {
    this.tenants = tenants;
    this.rates = rates;
    this.failuresPerMinute = failuresPerMinute;
  }

  /** Throws a ThroughlineError with the code to answer. `endpoint` has a rate of its own. */
  async authenticate(
    incoming: Incoming,
    endpoint: string,
    tenantId = incoming.tenantId,
  ): Promise<Authenticated> {
    const tenant = await (tenantId === undefined ? this.tenants.only() : this.tenants.find(tenantId));
    if (tenant === undefined) throw this.failed(incoming, unknownTenant(tenantId));
    const door = doorOf(tenant);
    if (!door.allowed.isEmpty && !door.allowed.has(incoming.address)) {
      throw this.failed(
        incoming,
        new ThroughlineError("TL_ADDRESS_REFUSED", "The tenant takes webhooks from certain addresses only."),
      );
    }
    const nowMs = incoming.receivedAtMs;
    const { body, header } = incoming;
    const refusal = door.scheme.verify({ body, header, nowMs }, door.keys(nowMs), door.settings);
    if (refusal !== undefined) {
      const code = refusal.kind === "stale" ? "TL_SIGNATURE_STALE" : "TL_SIGNATURE_INVALID";
      throw this.failed(incoming, new ThroughlineError(code, refusal.detail));
    }
    return { door, headers: await this.count(tenant, endpoint) };
  }

  private async count(tenant: Tenant, endpoint: string): Promise<Readonly<Record<string, string>>> {
    const limit = tenant.settings.webhook.ratePerMinute;
    if (limit === null) return noHeaders;
    const decision = await this.taken(`${tenant.id}:${endpoint}`, limit);
    const headers = rateFields(decision, limit);
    if (decision.isAllowed) return headers;
    throw new Refused("TL_RATE_LIMITED", `The tenant takes ${limit} requests a minute here.`, {
      ...headers,
      "retry-after": String(Math.max(1, wholeSeconds(decision.resetMs))),
    });
  }

  private async taken(key: string, limit: number) {
    try {
      return await this.rates.take(key, limit);
    } catch (cause) {
      throw new ThroughlineError("TL_QUEUE_UNAVAILABLE", "The rate limit's store does not answer.", {
        cause,
      });
    }
  }

  /**
   * After so many failures an address hears one answer for all of them: neither which tenants there are, nor how near a guess was.
   * What is right is taken all the same, so nobody can be locked out by others behind one address.
   */
  private failed(incoming: Incoming, error: ThroughlineError): ThroughlineError {
    const { isAllowed, resetMs } = this.failures.take(incoming.address, this.failuresPerMinute);
    if (isAllowed) return error;
    return new Refused(
      "TL_RATE_LIMITED",
      "Too many requests of this address named no tenant or proved nothing.",
      {
        "retry-after": String(Math.min(windowMs / 1_000, Math.max(1, wholeSeconds(resetMs)))),
      },
    );
  }
}

function unknownTenant(id: string | undefined): ThroughlineError {
  return id === undefined
    ? new ThroughlineError("TL_TENANT_MISSING", "Neither the body, X-Tenant-ID nor ?tenant= names a tenant.")
    : new ThroughlineError("TL_TENANT_UNKNOWN", "The tenant that the webhook names does not exist.");
}
