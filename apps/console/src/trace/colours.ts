import type { Theme } from "../ui/theme.tsx";
import { kindNames } from "./names.ts";
import type { TraceData } from "./trace-data.ts";

/** Told apart by colour-blind eyes too (after Okabe and Ito's set), toned to stand on light and on dark ground. */
const palette = [
  { light: "#2f7ebc", dark: "#5aa9e6" },
  { light: "#c77d0a", dark: "#eba83a" },
  { light: "#118a72", dark: "#3fc1a5" },
  { light: "#a8578f", dark: "#d588bd" },
  { light: "#8a7a12", dark: "#d3c14a" },
  { light: "#5b62c9", dark: "#9097f0" },
  { light: "#b4532a", dark: "#e88a5f" },
  { light: "#607886", dark: "#8fabb9" },
] as const;

/** What is drawn beside the spans; the style sheet has the same for text. */
export const ink = {
  light: {
    grid: "#e3e8eb",
    line: "#dfe5e9",
    error: "#c8323b",
    bad: "#b4232c",
    wait: "#7b8b95",
    warn: "#b26a00",
    event: "#16232c",
    link: "#0f766e",
    text: "#16232c",
    muted: "#556570",
    ground: "#ffffff",
    raised: "#eff3f5",
    active: "#dcf1ee",
    found: "#fdf3dc",
    foundLine: "#b26a00",
    critical: "#16232c",
  },
  dark: {
    grid: "#263439",
    line: "#263439",
    error: "#f0686f",
    bad: "#f5888d",
    wait: "#8798a1",
    warn: "#e8b45a",
    event: "#f2f7f8",
    link: "#35b3a6",
    text: "#e3eaed",
    muted: "#93a5ad",
    ground: "#141c20",
    raised: "#1b262b",
    active: "#15343a",
    found: "#30250f",
    foundLine: "#e8b45a",
    critical: "#f2f7f8",
  },
} as const satisfies Record<Theme, Record<string, string>>;

/** The same kind is the same colour in every trace; the plainest is the most frequent one's. */
const kindPlaces = { server: 0, producer: 1, consumer: 2, client: 3, unspecified: 4, internal: 7 } as const;
const kindsByNumber = [4, 7, 0, 3, 1, 2];

/** What a span's colour stands for. */
export interface ColourKey {
  /** `service`, or `kind` in a trace of one service, where the service tells nothing apart. */
  by: "service" | "kind";
  labels: readonly string[];
  colourOf: (at: number, theme: Theme) => string;
  colourOfLabel: (label: string, theme: Theme) => string;
}

/** Services in the order in which they first appear get a colour each; past the palette they repeat. */
export function colourKeyOf({ head, columns }: Pick<TraceData, "head" | "columns">): ColourKey {
  const at = (place: number, theme: Theme) => (palette[place % palette.length] ?? palette[0])[theme];
  if (head.services.length > 1) {
    const places = new Map(head.services.map((service, place) => [service, place]));
    return {
      by: "service",
      labels: head.services,
      colourOf: (span, theme) => at(columns.services[span] ?? 0, theme),
      colourOfLabel: (label, theme) => at(places.get(label) ?? 0, theme),
    };
  }
  const present = new Set<number>();
  for (const kindStatus of columns.kindStatus) present.add(kindStatus & 15);
  return {
    by: "kind",
    labels: kindNames.filter((_, kind) => present.has(kind)),
    colourOf: (span, theme) => at(kindsByNumber[(columns.kindStatus[span] ?? 0) & 15] ?? 4, theme),
    colourOfLabel: (label, theme) => at(kindPlaces[label as keyof typeof kindPlaces] ?? 4, theme),
  };
}
