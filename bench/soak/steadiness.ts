import { readdirSync } from "node:fs";
import { median, usage } from "../processes.ts";
import type { Part } from "./parts.ts";

interface Sample {
  at: number;
  residentMb: number;
  handles: number;
}

/** One process from its start to its end. */
interface Life {
  part: string;
  pid: number;
  samples: Sample[];
}

export interface Judged {
  part: string;
  seconds: number;
  /** Medians of the first and of the last third after the warm-up. */
  residentMb: [number, number];
  handles: [number, number];
  isFlat: boolean;
}

const warmUpSeconds = 300;
/** A life whose thirds would be shorter is not judged. */
const leastSeconds = 240;

export const tolerance =
  "last third at most 15 % and 16 MB, 10 % and 16 handles over the first third, after 5 minutes of warm-up";

export class Lives {
  private readonly lives: Life[] = [];

  /** `at` is in seconds since the start. */
  sample(parts: readonly Part[], at: number): void {
    for (const { name, running } of parts) {
      if (running === undefined) continue;
      const pid = running.child.pid ?? 0;
      let life = this.lives.find((one) => one.pid === pid && one.part === name);
      if (life === undefined) this.lives.push((life = { part: name, pid, samples: [] }));
      try {
        const { residentMb } = usage(pid);
        // A process that has just ended has no memory.
        if (Number.isNaN(residentMb)) continue;
        life.samples.push({ at, residentMb, handles: readdirSync(`/proc/${pid}/fd`).length });
      } catch {
        // It ended between two looks.
      }
    }
  }

  get count(): number {
    return this.lives.length;
  }

  /** Lives that were long enough to be judged. */
  judged(): Judged[] {
    return this.lives.flatMap(({ part, samples }) => {
      const one = judge(samples);
      return one === undefined ? [] : [{ part, ...one }];
    });
  }
}

/** Undefined: too short to say. */
export function judge(samples: readonly Sample[]): Omit<Judged, "part"> | undefined {
  const from = (samples[0]?.at ?? 0) + warmUpSeconds;
  const to = samples.at(-1)?.at ?? 0;
  if (to - from < leastSeconds) return undefined;
  const third = (to - from) / 3;
  const of = (key: "residentMb" | "handles"): [number, number] => [
    median(samples.filter(({ at }) => at >= from && at < from + third).map((one) => one[key])),
    median(samples.filter(({ at }) => at >= to - third).map((one) => one[key])),
  ];
  const residentMb = of("residentMb");
  const handles = of("handles");
  const isFlat = residentMb[1] <= residentMb[0] * 1.15 + 16 && handles[1] <= handles[0] * 1.1 + 16;
  return { seconds: to - from + warmUpSeconds, residentMb, handles, isFlat };
}
