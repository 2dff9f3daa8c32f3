import type { ResourceRecord, SpanRecord } from "../model.ts";
import { IdIndex } from "./id-index.ts";
import { withWarning } from "./warnings.ts";

/**
 * Jaeger's clock skew adjuster at its default, a largest shift of 0: no time is ever changed, but a span that would have
 * been shifted, or cannot be judged (its parent is missing, its id occurs twice), gets a warning that says so.
 */
export function warnOfClockSkew(spans: readonly SpanRecord[]): SpanRecord[] {
  const byId = new IdIndex(spans);
  const warnings = new Map<number, string>();
  const hosts = new Map<ResourceRecord, string>();
  const hostAt = (at: number): string => {
    const { resource } = spans[at] as SpanRecord;
    let host = hosts.get(resource);
    if (host === undefined) hosts.set(resource, (host = hostOf(resource)));
    return host;
  };
  // The first child of each span, and the next of the same parent; -1: none.
  const firstChild = new Int32Array(spans.length).fill(-1);
  const nextChild = new Int32Array(spans.length).fill(-1);
  const open: Visit[] = [];
  for (let at = 0; at < spans.length; at++) {
    const { spanId, parentSpanId } = spans[at] as SpanRecord;
    if (byId.hasShared && byId.firstOf(spanId) !== at) {
      warnings.set(at, "duplicate span IDs; skipping clock skew adjustment");
      continue;
    }
    const parent = parentSpanId === "" ? -1 : byId.firstOf(parentSpanId);
    if (parent !== -1) {
      nextChild[at] = firstChild[parent] ?? -1;
      firstChild[parent] = at;
      continue;
    }
    open.push({ at, host: hostAt(at), skew: 0n });
    if (parentSpanId === "") continue;
    warnings.set(at, `parent span ID=${parentSpanId} is not in the trace; skipping clock skew adjustment`);
  }
  // A loop and not a recursion: chains may be thousands of spans deep.
  for (let visit = open.pop(); visit !== undefined; visit = open.pop()) {
    const { at: parent, host, skew } = visit;
    for (let at = firstChild[parent] ?? -1; at !== -1; at = nextChild[at] ?? -1) {
      const own = hostAt(at);
      const isSame = own !== "" && own === host;
      const delta = isSame ? skew : skewOf(spans[at] as SpanRecord, spans[parent] as SpanRecord);
      if (delta !== 0n) {
        warnings.set(
          at,
          `clock skew adjustment disabled; not applying calculated delta of ${Number(delta) / 1e6}ms`,
        );
      }
      if (firstChild[at] !== -1) open.push({ at, host: own, skew: delta });
    }
  }
  return spans.map((span, at) => {
    const warning = warnings.get(at);
    return warning === undefined ? span : withWarning(span, warning);
  });
}

interface Visit {
  /** Which span it is of. */
  at: number;
  host: string;
  /** What the span's clock is behind that of the nearest ancestor on another host, nanoseconds. */
  skew: bigint;
}

/** How far the child would have to move to lie within its parent, network time split evenly. */
function skewOf(child: SpanRecord, parent: SpanRecord): bigint {
  // Most children lie within their parents.
  if (child.startUnixNano >= parent.startUnixNano && child.endUnixNano <= parent.endUnixNano) return 0n;
  const ahead = parent.startUnixNano - child.startUnixNano;
  const spare = parent.endUnixNano - parent.startUnixNano - (child.endUnixNano - child.startUnixNano);
  if (spare < 0n) return ahead > 0n ? ahead : 0n;
  if (ahead <= 0n && child.endUnixNano <= parent.endUnixNano) return 0n;
  return ahead + spare / 2n;
}

/** Empty where the resource names no host: such a span counts as being on a host of its own. */
export function hostOf(resource: ResourceRecord): string {
  for (const wanted of ["host.id", "host.ip", "host.name"]) {
    const found = resource.attributes.find(({ key }) => key === wanted)?.value;
    const value = found?.type === "array" ? found.value[0] : found;
    if (value?.type === "string" && value.value !== "") return value.value;
  }
  return "";
}
