import type { SpanView } from "@throughline/api";
import type { Theme } from "../ui/theme.tsx";

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
    error: "#c8323b",
    wait: "#7b8b95",
    warn: "#b26a00",
    event: "#16232c",
    ground: "#ffffff",
  },
  dark: {
    grid: "#263439",
    error: "#f0686f",
    wait: "#8798a1",
    warn: "#e8b45a",
    event: "#f2f7f8",
    ground: "#141c20",
  },
} as const satisfies Record<Theme, Record<string, string>>;

/** The same kind is the same colour in every trace; the plainest is the most frequent one's. */
const kindPlaces: readonly [SpanView["kind"], number][] = [
  ["server", 0],
  ["producer", 1],
  ["consumer", 2],
  ["client", 3],
  ["unspecified", 4],
  ["internal", 7],
];

/** What a span's colour stands for. */
export interface ColourKey {
  /** `service`, or `kind` in a trace of one service, where the service tells nothing apart. */
  by: "service" | "kind";
  labels: readonly string[];
  colourOf: (span: SpanView, theme: Theme) => string;
  colourOfLabel: (label: string, theme: Theme) => string;
}

/** Services in the order in which they first appear get a colour each; past the palette they repeat. */
export function colourKeyOf(spans: readonly SpanView[]): ColourKey {
  const services = new Set(spans.map(({ service }) => service));
  const by = services.size > 1 ? "service" : "kind";
  const labels = by === "service" ? services : new Set(spans.map(({ kind }) => kind));
  const places = new Map(
    by === "service" ? [...services].map((label, at) => [label, at % palette.length]) : kindPlaces,
  );
  const colourOfLabel = (label: string, theme: Theme) =>
    (palette[places.get(label) ?? 0] ?? palette[0])[theme];
  return {
    by,
    labels: [...labels],
    colourOfLabel,
    colourOf: (span, theme) => colourOfLabel(span[by], theme),
  };
}
