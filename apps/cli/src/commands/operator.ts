import type { EnhancerStore, Operations } from "@throughline/enhancer";

/** What a command does to jobs, queue and notes, and who does it. */
export interface Operator {
  operations: Operations;
  by: string;
}

export async function operatorOf(store: EnhancerStore): Promise<Operator> {
  const { localActor, Operations: Made } = await import("@throughline/enhancer");
  return { operations: new Made(store), by: localActor() };
}
