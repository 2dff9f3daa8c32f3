import { labelValueLimit, otherLabel, type Readings } from "@throughline/api/metrics";

const windowMinutes = 15;

/** Percent of ended tickets that got a note, by tenant, over the last quarter of an hour; a tenant without tickets in it has no figure. */
export class SuccessRate {
  private readonly now: () => number;
  /** By tenant, then by minute since the epoch. */
  private readonly tenants = new Map<string, Map<number, { good: number; all: number }>>();

  constructor(now: () => number) {
    this.now = now;
  }

  add(tenantId: string, isGood: boolean): void {
    const isBeyond = !this.tenants.has(tenantId) && this.tenants.size >= labelValueLimit;
    const name = isBeyond ? otherLabel : tenantId;
    const minutes = this.tenants.get(name) ?? new Map<number, { good: number; all: number }>();
    this.tenants.set(name, minutes);
    const minute = this.minute();
    const counts = minutes.get(minute) ?? { good: 0, all: 0 };
    minutes.set(minute, { good: counts.good + (isGood ? 1 : 0), all: counts.all + 1 });
    forget(minutes, minute - windowMinutes);
  }

  read(): Readings {
    const readings: [string[], number][] = [];
    for (const [tenant, minutes] of this.tenants) {
      forget(minutes, this.minute() - windowMinutes);
      if (minutes.size === 0) {
        this.tenants.delete(tenant);
        continue;
      }
      let good = 0;
      let all = 0;
      for (const counts of minutes.values()) {
        good += counts.good;
        all += counts.all;
      }
      readings.push([[tenant], (good / all) * 100]);
    }
    return readings;
  }

  private minute(): number {
    return Math.floor(this.now() / 60_000);
  }
}

function forget(minutes: Map<number, unknown>, until: number): void {
  for (const minute of minutes.keys()) if (minute <= until) minutes.delete(minute);
}
