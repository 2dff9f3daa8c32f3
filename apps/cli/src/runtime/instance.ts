import type { EnhancerStore } from "@throughline/enhancer";
import type { Logger } from "pino";
import type { ModelSettings, Settings } from "../config.ts";

/** `up` is all three in one process. */
export type Role = "up" | "receiver" | "worker" | "traces";

export interface InstanceOptions {
  role: Role;
  settings: Settings;
  environment: Readonly<Record<string, string | undefined>>;
  /** Asked in this order; none: notes are extractive. */
  models: readonly ModelSettings[];
  logger: Logger;
  /** Addresses of parts that run beside the instance (`desk`, `llm`), for the ready file. */
  beside?: Readonly<Record<string, string>>;
}

/** A process that serves. */
export interface Instance {
  /** Absolute path of the data directory. */
  directory: string;
  /** As in the ready file: HTTP ones as `http://host:port`, gRPC as `host:port`. */
  addresses: Readonly<Record<string, string>>;
  /** undefined where no part of the enhancer runs. */
  store: EnhancerStore | undefined;
  stop(): Promise<void>;
}
