import type { ResourceRecord, SpanRecord } from "../model.ts";
import { withWarning } from "./warnings.ts";

/**
 * Jaeger's clock skew adjuster at its default, a largest shift of 0: no time is ever changed, but a span that would have
 * been shifted, or cannot be judged (its parent is missing, its id occurs twice), gets a warning that says so.
 */
export function warnOfClockSkew(spans: readonly SpanRecord[]): SpanRecord[] {
  const byId = new Map<string, SpanRecord>();
  const warnings = new Map<SpanRecord, string>();
  for (const span of spans) {
    if (byId.has(span.spanId)) {
      warnings.set(span, "duplicate span IDs; skipping clock skew adjustment");
    } else byId.set(span.spanId, span);
  }
  const children = new Map<SpanRecord, SpanRecord[]>();
  const open: Visit[] = [];
  for (const span of byId.values()) {
    const parent = byId.get(span.parentSpanId);
    if (parent !== undefined) {
      const siblings = children.get(parent);
      if (siblings === undefined) children.set(parent, [span]);
      else siblings.push(span);
      continue;
    }
    open.push({ span, host: hostOf(span.resource), skew: 0n });
    if (span.parentSpanId === "") continue;
    warnings.set(
      span,
      `parent span ID=${span.parentSpanId} is not in the trace; skipping clock skew adjustment`,
    );
  }
  // A loop and not a recursion: chains may be thousands of spans deep.
  for (let visit = open.pop(); visit !== undefined; visit = open.pop()) {
    const { span: parent, host, skew } = visit;
    for (const span of children.get(parent) ?? []) {
      const own = hostOf(span.resource);
      const delta = own !== "" && own === host ? skew : skewOf(span, parent);
      if (delta !== 0n) {
        warnings.set(
          span,
          `clock skew adjustment disabled; not applying calculated delta of ${Number(delta) / 1e6}ms`,
        );
      }
      open.push({ span, host: own, skew: delta });
    }
  }
  return spans.map((span) => {
    const warning = warnings.get(span);
    return warning === undefined ? span : withWarning(span, warning);
  });
}

interface Visit {
  span: SpanRecord;
  host: string;
  /** What the span's clock is behind that of the nearest ancestor on another host, nanoseconds. */
  skew: bigint;
}

/** How far the child would have to move to lie within its parent, network time split evenly. */
function skewOf(child: SpanRecord, parent: SpanRecord): bigint {
  const ahead = parent.startUnixNano - child.startUnixNano;
  const spare = parent.endUnixNano - parent.startUnixNano - (child.endUnixNano - child.startUnixNano);
  if (spare < 0n) return ahead > 0n ? ahead : 0n;
  if (ahead <= 0n && child.endUnixNano <= parent.endUnixNano) return 0n;
  return ahead + spare / 2n;
}

/** Empty where the resource names no host: such a span counts as being on a host of its own. */
function hostOf(resource: ResourceRecord): string {
  for (const wanted of ["host.id", "host.ip", "host.name"]) {
    const found = resource.attributes.find(({ key }) => key === wanted)?.value;
    const value = found?.type === "array" ? found.value[0] : found;
    if (value?.type === "string" && value.value !== "") return value.value;
  }
  return "";
}
