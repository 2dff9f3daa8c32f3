import { readFileSync } from "node:fs";
import { join } from "node:path";

export const root = new URL("../../", import.meta.url).pathname;

/** What is published, each after what it needs. */
export const published = [
  "packages/redaction",
  "packages/api",
  "packages/tracing",
  "packages/enhancer",
  "packages/traces",
  "apps/cli",
] as const;

export interface Manifest {
  name: string;
  version: string;
  exports?: Record<string, string>;
  dependencies?: Record<string, string>;
  files?: string[];
  [field: string]: unknown;
}

export function manifestOf(directory: string): Manifest {
  return JSON.parse(readFileSync(join(directory, "package.json"), "utf8")) as Manifest;
}

/** Where the source's package.json lies while the published one stands in its place. */
export const sourceManifest = ".package.source.json";
