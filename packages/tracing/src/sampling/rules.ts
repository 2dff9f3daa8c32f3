import type { TraceState } from "@opentelemetry/api";
import type { SamplingRule } from "../config/sampler.ts";
import { ConsistentDecision } from "./consistent.ts";
import type { Beginning, RootDecision, Verdict } from "./decision.ts";

interface CompiledRule {
  conditions: readonly { attribute: string; parts: readonly string[] }[];
  decision: ConsistentDecision;
}

/** Rules by attributes; where none holds, everything is sampled. */
export class RuleDecision implements RootDecision {
  private readonly rules: readonly CompiledRule[];
  private readonly otherwise = new ConsistentDecision(1);
  private readonly serviceName: string;

  constructor(rules: readonly SamplingRule[], serviceName: string) {
    this.serviceName = serviceName;
    this.rules = rules.map(({ conditions, ratio }) => ({
      conditions: conditions.map(({ attribute, pattern }) => ({ attribute, parts: pattern.split("*") })),
      decision: new ConsistentDecision(ratio),
    }));
  }

  decide(span: Beginning, state: TraceState | undefined): Verdict {
    const rule = this.rules.find(({ conditions }) =>
      conditions.every(({ attribute, parts }) => matches(this.valueOf(span, attribute), parts)),
    );
    return (rule?.decision ?? this.otherwise).decide(span.traceId, state);
  }

  private valueOf({ name, attributes }: Beginning, attribute: string): string {
    if (attribute === "service.name") return this.serviceName;
    const value = attributes[attribute];
    if (typeof value === "string") return value;
    if (typeof value === "number" || typeof value === "boolean") return String(value);
    if (attribute !== "http.route") return "";
    // Where the route is not known yet: the path, or the one that a name like `GET /orders` ends with.
    const path = attributes["url.path"];
    return typeof path === "string" ? path : name.replace(/^\S+ (?=\/)/, "");
  }
}

/** `*` stands for any text. Each fixed part is looked for once, from where the one before ended. */
function matches(text: string, [first = "", ...others]: readonly string[]): boolean {
  if (others.length === 0) return text === first;
  const last = others.at(-1) ?? "";
  if (!text.startsWith(first) || text.length < first.length + last.length || !text.endsWith(last))
    return false;
  const end = text.length - last.length;
  let at = first.length;
  for (const part of others.slice(0, -1)) {
    const found = text.indexOf(part, at);
    if (found === -1 || found + part.length > end) return false;
    at = found + part.length;
  }
  return true;
}
