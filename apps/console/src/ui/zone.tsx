import { createContext, type ReactNode, use, useMemo, useState } from "react";
import { formatClock, formatTime } from "./format.ts";

const key = "throughline.zone";

/** `local`: as this machine has it; `UTC`; or a zone's name, `Europe/Berlin`. */
export type ZoneChoice = string;

interface ZoneState {
  choice: ZoneChoice;
  /** For Intl; undefined: the machine's own. */
  zone: string | undefined;
  choose: (choice: ZoneChoice) => void;
}

const ZoneContext = createContext<ZoneState>({ choice: "local", zone: undefined, choose: () => undefined });

/** In which zone times are written; kept on this machine. */
export function ZoneProvider({ children }: { children: ReactNode }) {
  const [choice, setChoice] = useState(storedChoice);
  const state = useMemo(
    () => ({
      choice,
      zone: choice === "local" ? undefined : choice,
      choose: (next: ZoneChoice) => {
        localStorage.setItem(key, next);
        setChoice(next);
      },
    }),
    [choice],
  );
  return <ZoneContext value={state}>{children}</ZoneContext>;
}

export function useZone(): ZoneState {
  return use(ZoneContext);
}

/** Writes a time in the reader's zone: `2026-11-23 09:41:07.123`. */
export function useTimeFormat(): (atMs: number) => string {
  const { zone } = useZone();
  return (atMs) => formatTime(atMs, zone);
}

/** A time of day in the reader's zone: `09:41:07`. */
export function useClockFormat(): (atMs: number) => string {
  const { zone } = useZone();
  return (atMs) => formatClock(atMs, zone);
}

export function machineZone(): string {
  return new Intl.DateTimeFormat().resolvedOptions().timeZone;
}

export function allZones(): string[] {
  return Intl.supportedValuesOf("timeZone");
}

function storedChoice(): ZoneChoice {
  const stored = localStorage.getItem(key);
  return stored === "UTC" || (stored !== null && allZones().includes(stored)) ? stored : "local";
}
