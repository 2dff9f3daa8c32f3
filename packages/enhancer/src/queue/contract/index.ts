import { describe } from "vitest";
import type { CreateQueue } from "./harness.ts";
import { intakeContract } from "./intake.ts";
import { leaseContract } from "./lease.ts";
import { operateContract } from "./operate.ts";
import { orderContract } from "./order.ts";

/** What every queue does, whatever stores it. */
export function queueContract(name: string, create: CreateQueue): void {
  describe(`the queue on ${name}: intake`, () => {
    intakeContract(create);
  });
  describe(`the queue on ${name}: order`, () => {
    orderContract(create);
  });
  describe(`the queue on ${name}: leases`, () => {
    leaseContract(create);
  });
  describe(`the queue on ${name}: operation`, () => {
    operateContract(create);
  });
}
