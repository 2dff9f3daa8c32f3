import { setTimeout as sleep } from "node:timers/promises";
import type { Part, System } from "./parts.ts";

const deskFaults = [
  ["--fail-rate", "0.5"],
  ["--drop", "0.4", "--on-reads"],
  ["--answer", "hang"],
  ["--answer", "garbage", "--on-reads"],
  ["--answer", "inner", "--on-reads"],
  ["--answer", "cut"],
  ["--throttle", "60", "--on-reads"],
  ["--delay", "1s"],
];
const modelFaults = [
  ["--fail", "500"],
  ["--drop", "0.5"],
  ["--answer", "hang"],
  ["--answer", "garbage"],
  ["--throttle", "10"],
  ["--delay", "1s"],
];
/** After a part is back, until what waited for it is worked off. */
const aftermathMs = 5_000;

/** Kills, stops, stalls and spoils the parts of a system, one after the other, as a seed says. */
export class Disturbances {
  readonly counts = new Map<string, number>();
  private readonly system: System;
  private readonly random: (limit: number) => number;
  /** Part of the lengths that a long soak has. */
  private readonly scale: number;
  private calmFromMs = 0;

  constructor(system: System, random: (limit: number) => number, scale: number) {
    this.system = system;
    this.random = random;
    this.scale = scale;
  }

  /** No part is away, stalled or made to fail, and none was just now. */
  readonly isCalm = (): boolean => Date.now() >= this.calmFromMs;

  /** One disturbance, until it is over. `mayRestart`: our own processes may be ended, too. */
  async one(mayRestart: boolean): Promise<void> {
    const { desk, model, receiver, worker, traces } = this.system;
    const ours = [receiver, worker, traces];
    const kinds: (() => Promise<string>)[] = [
      () => this.stall(this.pick(ours)),
      () => this.away(desk, "SIGKILL", 10_000),
      () => this.fault(desk, this.pick(deskFaults)),
      () => this.fault(desk, this.pick(deskFaults)),
      () => this.fault(model, this.pick(modelFaults)),
    ];
    if (mayRestart)
      kinds.push(
        () => this.away(worker, "SIGKILL", 3_000),
        () => this.away(worker, "SIGKILL", 3_000),
        () => this.away(receiver, "SIGKILL", 3_000),
        () => this.away(receiver, "SIGKILL", 3_000),
        () => this.away(traces, "SIGKILL", 2_000),
        () => this.away(traces, "SIGKILL", 20_000),
        () => this.away(this.pick(ours), "SIGTERM", 2_000),
      );
    this.calmFromMs = Infinity;
    try {
      const name = await this.pick(kinds)();
      this.counts.set(name, (this.counts.get(name) ?? 0) + 1);
    } finally {
      this.calmFromMs = Date.now() + aftermathMs * this.scale;
    }
  }

  private async away(part: Part, signal: NodeJS.Signals, mostMs: number): Promise<string> {
    await part.end(signal);
    await this.wait(mostMs);
    await part.start();
    return `${part.name}: ${signal === "SIGKILL" ? "kill -9" : "stopped"}, started again`;
  }

  private async stall(part: Part): Promise<string> {
    const child = part.running?.child;
    child?.kill("SIGSTOP");
    try {
      await this.wait(8_000);
    } finally {
      child?.kill("SIGCONT");
    }
    return `${part.name}: stalled`;
  }

  private async fault(part: Part, flags: readonly string[]): Promise<string> {
    await part.end("SIGTERM");
    await part.start(flags);
    await this.wait(20_000);
    await part.end("SIGTERM");
    await part.start();
    return `${part.name}: ${flags.join(" ").replaceAll("--", "")}`;
  }

  private wait(mostMs: number): Promise<void> {
    return sleep(this.scale * (mostMs / 4 + this.random((mostMs * 3) / 4)));
  }

  private pick<T>(from: readonly T[]): T {
    return from[this.random(from.length)] as T;
  }
}
