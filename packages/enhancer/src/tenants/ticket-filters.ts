import type { TenantSettings } from "./settings.ts";

type Filters = TenantSettings["filters"];

/** What is known of a ticket; each field may have several names, an absent one is not known. */
export type KnownFields = Partial<Record<keyof Filters["include"], readonly string[]>>;

/**
 * Why a tenant's filters keep a ticket out: an excluded value, or none of those that are to be included. A filter asks only for what is
 * known: what nobody says keeps nothing out.
 */
export function filteredBecause(filters: Filters, known: KnownFields): string | undefined {
  for (const [field, values] of Object.entries(known) as [keyof KnownFields, readonly string[]][]) {
    if (filters.exclude[field].some((wanted) => values.some((value) => isSame(wanted, value))))
      return `The tenant's filters exclude its ${field}.`;
    const wanted = filters.include[field];
    if (wanted.length > 0 && !wanted.some((one) => values.some((value) => isSame(one, value))))
      return `The tenant's filters do not include its ${field}.`;
  }
  return undefined;
}

/** Names are compared without regard to case. */
export function isSame(one: string, other: string): boolean {
  return one.trim().toLowerCase() === other.trim().toLowerCase();
}
