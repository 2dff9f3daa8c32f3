import { configFrom } from "../../packages/tracing/src/config/config.ts";
import { type Environment, Variables } from "../../packages/tracing/src/config/values.ts";

export interface ReadVariable {
  name: string;
  /** As Markdown; undefined: none. */
  fallback: string | undefined;
  allowed: readonly string[];
}

/** Watches which variables the tracing of a process reads, with what stands in for each, and what it may be. */
class WatchedVariables extends Variables {
  readonly read = new Map<string, ReadVariable>();

  private note(
    names: readonly string[],
    fallback?: string | number | boolean,
    allowed: readonly string[] = [],
  ): void {
    for (const name of names) {
      const known = this.read.get(name);
      const text = fallback === undefined ? known?.fallback : `\`${String(fallback)}\``;
      this.read.set(name, {
        name,
        fallback: text,
        allowed: allowed.length === 0 ? (known?.allowed ?? []) : allowed,
      });
    }
  }

  override text(name: string): string | undefined {
    this.note([name]);
    return super.text(name);
  }

  override oneOf<T extends string>(allowed: readonly T[], fallback: T, ...names: readonly string[]): T {
    this.note(names, fallback, allowed);
    return super.oneOf(allowed, fallback, ...names);
  }

  override listOf<T extends string>(
    allowed: readonly T[],
    fallback: readonly T[],
    name: string,
  ): readonly T[] {
    this.note([name], fallback.join(","), [...allowed, "none"]);
    return super.listOf(allowed, fallback, name);
  }

  override boolean(...names: readonly string[]): boolean {
    this.note(names, false);
    return super.boolean(...names);
  }

  override whole(fallback: number, least: number, ...names: readonly string[]): number {
    this.note(names, Number.isFinite(fallback) ? fallback : undefined);
    return super.whole(fallback, least, ...names);
  }

  override ratio(name: string, fallback: number): number {
    this.note([name], fallback);
    return super.ratio(name, fallback);
  }
}

function watch(environment: Environment) {
  const variables = new WatchedVariables(environment);
  return { config: configFrom(variables), read: variables.read };
}

/** Every variable that the tracing reads, in the order in which it does. */
export function readVariables(): ReadVariable[] {
  const { config, read } = watch({ THROUGHLINE_TRACES_SPILL_FILE: "spans" });
  const production = watch({ DEPLOYMENT_ENV: "production" }).read.get("OTEL_TRACES_SAMPLER_ARG")?.fallback;
  const known: Record<string, string> = {
    DEPLOYMENT_ENV: `\`${config.resourceAttributes["deployment.environment"] ?? ""}\``,
    OTEL_SERVICE_NAME: `\`${config.serviceName}\``,
    OTEL_TRACES_SAMPLER_ARG: `${read.get("OTEL_TRACES_SAMPLER_ARG")?.fallback ?? ""}; ${production ?? ""} where \`DEPLOYMENT_ENV=production\``,
    THROUGHLINE_TRACES_SPILL_LIMIT: `\`${(config.spill?.maxBytes ?? 0) / 1_048_576}MiB\``,
    THROUGHLINE_SLOW_THRESHOLD: `\`${config.slow.thresholdMs / 1_000}s\``,
  };
  return [...read.values()].map((variable) => ({
    ...variable,
    fallback: known[variable.name] ?? variable.fallback,
  }));
}
