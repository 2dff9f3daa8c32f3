import type { Instance, InstanceOptions } from "../runtime/instance.ts";

/** What the commands need of the process; the wiring supplies it. */
export interface CommandContext {
  startInstance: (options: InstanceOptions) => Promise<Instance>;
  environment: Readonly<Record<string, string | undefined>>;
}
