import type { EnhancerStore } from "@throughline/enhancer";
import type { Settings } from "../config.ts";
import type { RunFile } from "../runtime/data-directory.ts";

/** What is looked at: the settings of a role, its environment, and what runs on its data directory. */
export interface Subject {
  settings: Settings;
  environment: Readonly<Record<string, string | undefined>>;
  /** Absolute; it may not be there. */
  directory: string;
  /** Roles that run on it. */
  running: readonly RunFile[];
  /** `/metrics` of each of them, read once. */
  metrics: readonly RoleMetrics[];
}

export interface RoleMetrics {
  role: string;
  /** By name, summed over labels. */
  sums: ReadonlyMap<string, number>;
  text: string;
}

/** The enhancer's state where it can be opened. */
export type OpenedStore = Pick<EnhancerStore, "database" | "tenants" | "queue" | "noteSwitch">;

export async function readMetrics(running: readonly RunFile[]): Promise<RoleMetrics[]> {
  const answers = running.map(async ({ role, addresses }) => {
    const { admin } = addresses;
    if (admin === undefined) return [];
    try {
      const response = await fetch(`${admin}/metrics`, { signal: AbortSignal.timeout(3_000) });
      const text = await response.text();
      const sums = new Map<string, number>();
      for (const line of text.split("\n")) {
        const [, name, value] = /^([a-zA-Z_:][\w:]*)(?:\{.*\})? ([-+\d.eE]+)(?: |$)/.exec(line) ?? [];
        if (name !== undefined) sums.set(name, (sums.get(name) ?? 0) + Number(value));
      }
      return [{ role, sums, text }];
    } catch {
      return [];
    }
  });
  return (await Promise.all(answers)).flat();
}
