import type { EnhancerStore } from "@throughline/enhancer";

/** `up` is all three in one process. */
export type Role = "up" | "receiver" | "worker" | "traces";

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
