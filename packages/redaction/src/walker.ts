/** A span as far as it holds text; other members of it are kept as they are. */
export interface RedactableSpan {
  name: string;
  statusMessage?: string;
  attributes: Readonly<Record<string, unknown>>;
  events: readonly { name: string; attributes?: Readonly<Record<string, unknown>> }[];
  links: readonly { attributes?: Readonly<Record<string, unknown>> }[];
  resource?: { attributes: Readonly<Record<string, unknown>> };
  scope?: { name: string; version?: string; attributes?: Readonly<Record<string, unknown>> };
}

interface Cleaner {
  isSensitiveKey(key: string): boolean;
  text(text: string): string;
  key(key: string): string;
  string(key: string, value: string): string | undefined;
}

const deepest = 16;
/** Items of all levels together; a value with more is cut off. */
const itemsAtMost = 10_000;

/** Any value: strings are cleaned, numbers and booleans stay, anything else under a sensitive key is hidden whole. Cycles and excess end. */
export function cleanValue(key: string, value: unknown, cleaner: Cleaner): unknown {
  let items = 0;
  const above: object[] = [];
  const walk = (name: string, item: unknown): unknown => {
    if (typeof item === "string") return cleaner.string(name, item);
    if (typeof item === "function" || typeof item === "symbol") return undefined;
    if (typeof item !== "object" || item === null) return item;
    if (cleaner.isSensitiveKey(name)) return cleaner.string(name, "");
    if (item instanceof Uint8Array) return item;
    if (item instanceof Date) return Number.isNaN(item.getTime()) ? undefined : item.toISOString();
    if (item instanceof Error) return cleaner.string(name, `${item.name}: ${item.message}`);
    if (above.includes(item)) return "[Circular]";
    if (above.length >= deepest) return "[Too deep]";
    above.push(item);
    const out = Array.isArray(item) ? list(name, item) : map(item);
    above.pop();
    return out;
  };
  const list = (name: string, all: readonly unknown[]): unknown[] => {
    const out: unknown[] = [];
    for (const item of all) {
      if (++items > itemsAtMost) break;
      const clean = walk(name, item);
      if (clean !== undefined || item === undefined) out.push(clean ?? null);
    }
    return out;
  };
  const map = (all: object): Record<string, unknown> => {
    const out: Record<string, unknown> = {};
    for (const name of Object.keys(all)) {
      if (++items > itemsAtMost) break;
      const clean = walk(name, (all as Record<string, unknown>)[name]);
      // Not by assignment: a key may be `__proto__`.
      if (clean !== undefined)
        Object.defineProperty(out, cleaner.key(name), {
          value: clean,
          enumerable: true,
          configurable: true,
          writable: true,
        });
    }
    return out;
  };
  return walk(key, value);
}

/** Every string of a span: name, status, attributes, events, links, resource, scope. */
export function cleanSpan<S extends RedactableSpan>(
  span: S,
  cleaner: Cleaner & { value(key: string, value: unknown): unknown },
): S {
  const attributes = (all: Readonly<Record<string, unknown>>): Record<string, unknown> =>
    Object.fromEntries(
      Object.keys(all).flatMap((key) => {
        const clean = cleaner.value(key, all[key]);
        return clean === undefined ? [] : [[cleaner.key(key), clean]];
      }),
    );
  const holder = <T extends { attributes?: Readonly<Record<string, unknown>> }>(part: T): T =>
    part.attributes === undefined ? part : { ...part, attributes: attributes(part.attributes) };
  return {
    ...span,
    name: cleaner.text(span.name),
    ...(span.statusMessage === undefined ? {} : { statusMessage: cleaner.text(span.statusMessage) }),
    attributes: attributes(span.attributes),
    events: span.events.map((event) => ({ ...holder(event), name: cleaner.text(event.name) })),
    links: span.links.map(holder),
    ...(span.resource === undefined ? {} : { resource: holder(span.resource) }),
    ...(span.scope === undefined
      ? {}
      : { scope: { ...holder(span.scope), name: cleaner.text(span.scope.name) } }),
  };
}
