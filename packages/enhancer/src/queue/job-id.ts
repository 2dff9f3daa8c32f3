import { hash } from "node:crypto";

/**
 * The job of a delivery: the same delivery gives the same job on every queue. It starts with a letter and has no colon: BullMQ takes
 * neither numbers nor its own separator as ids.
 */
export function jobIdOf(tenantId: string, deliveryId: string): string {
  const digest = hash("sha256", `${tenantId}\n${deliveryId}`, "hex");
  return `j${digest.slice(0, 31)}`;
}
