import type { SpanKind } from "../model.ts";

const kinds: Readonly<Record<string, SpanKind>> = {
  internal: 1,
  server: 2,
  client: 3,
  producer: 4,
  consumer: 5,
};

/** Unspecified for a name that is none. */
export function kindByName(name: string | undefined): SpanKind {
  return (name !== undefined && Object.hasOwn(kinds, name) ? kinds[name] : undefined) ?? 0;
}
