import type { Theme } from "../ui/theme.tsx";
import { kindNames } from "./names.ts";
import type { TraceData } from "./trace-data.ts";

/**
 * Told apart by eyes that lack one kind of cones too, mostly by lightness, at least 3:1 against the ground, and none near the red of errors
 * (colours.test.ts measures it). The order puts those first that differ most.
 */
export const palette = [
  { light: "#347cba", dark: "#81c2ff" },
  { light: "#c48225", dark: "#fdd2a1" },
  { light: "#08745d", dark: "#5ab99d" },
  { light: "#5943ac", dark: "#9686f5" },
  { light: "#279ea4", dark: "#7ce8ed" },
  { light: "#724800", dark: "#c18221" },
  { light: "#734e89", dark: "#b68fcf" },
  { light: "#064e57", dark: "#1491a0" },
  { light: "#3a1b83", dark: "#705dc8" },
  { light: "#4f3000", dark: "#956725" },
  { light: "#738276", dark: "#b7c7bb" },
  { light: "#003c5d", dark: "#3179a6" },
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
export const kindColours = {
  server: palette[0],
  producer: palette[1],
  consumer: palette[2],
  client: palette[3],
  unspecified: palette[4],
  internal: { light: "#738276", dark: "#839089" },
} as const satisfies Record<(typeof kindNames)[number], Record<Theme, string>>;

/** What a span's colour stands for. */
export interface ColourKey {
  /** `service`, or `kind` in a trace of one service, where the service tells nothing apart. */
  by: "service" | "kind";
  labels: readonly string[];
  colourOf: (at: number, theme: Theme) => string;
  colourOfLabel: (label: string, theme: Theme) => string;
  /** Whether a line of the ground's colour runs through it: another had the plain colour before. */
  isStriped: (at: number) => boolean;
  isLabelStriped: (label: string) => boolean;
}

/** Services in the order in which they first appear get a colour each; past the palette the same again with a stripe, and so on in turns. */
export function colourKeyOf({ head, columns }: Pick<TraceData, "head" | "columns">): ColourKey {
  const at = (place: number, theme: Theme) => (palette[place % palette.length] ?? palette[0])[theme];
  const isSecond = (place: number) => Math.floor(place / palette.length) % 2 === 1;
  if (head.services.length > 1) {
    const places = new Map(head.services.map((service, place) => [service, place]));
    return {
      by: "service",
      labels: head.services,
      colourOf: (span, theme) => at(columns.services[span] ?? 0, theme),
      colourOfLabel: (label, theme) => at(places.get(label) ?? 0, theme),
      isStriped: (span) => isSecond(columns.services[span] ?? 0),
      isLabelStriped: (label) => isSecond(places.get(label) ?? 0),
    };
  }
  const ofKind = (kind: (typeof kindNames)[number] = "unspecified", theme: Theme) => kindColours[kind][theme];
  const present = new Set<number>();
  for (const kindStatus of columns.kindStatus) present.add(kindStatus & 15);
  return {
    by: "kind",
    labels: kindNames.filter((_, kind) => present.has(kind)),
    colourOf: (span, theme) => ofKind(kindNames[(columns.kindStatus[span] ?? 0) & 15], theme),
    colourOfLabel: (label, theme) =>
      ofKind(
        kindNames.find((kind) => kind === label),
        theme,
      ),
    isStriped: () => false,
    isLabelStriped: () => false,
  };
}
