import { expect, test } from "vitest";
import { colourKeyOf, ink, kindColours, palette } from "./colours.ts";
import { traceOf } from "./trace.test-data.ts";

test("services get colours in the order of their first span, the same in all of the trace", () => {
  const trace = traceOf([{ service: "web" }, { parent: 0, service: "shop" }, { parent: 0, service: "web" }]);
  const { by, labels, colourOf, colourOfLabel } = colourKeyOf(trace);
  expect([by, labels]).toEqual(["service", ["web", "shop"]]);
  expect(colourOf(0, "light")).toBe(colourOf(2, "light"));
  expect(colourOf(0, "light")).not.toBe(colourOf(1, "light"));
  expect(colourOf(1, "dark")).toBe(colourOfLabel("shop", "dark"));
});

test("in a trace of one service kinds are told apart, alike in every trace", () => {
  const one = colourKeyOf(traceOf([{ kind: "server" }, { parent: 0, kind: "client" }]));
  const other = colourKeyOf(traceOf([{ kind: "client" }]));
  expect([one.by, one.labels]).toEqual(["kind", ["server", "client"]]);
  expect(one.colourOf(1, "light")).toBe(other.colourOf(0, "light"));
});

test("24 services look different, 12 by their colour and 12 more by a stripe; of 10,000 they repeat", () => {
  const { colourOf, isStriped } = colourKeyOf(
    traceOf(Array.from({ length: 10_000 }, (_, at) => ({ service: `service ${at}` }))),
  );
  const looks = Array.from({ length: 10_000 }, (_, at) => `${colourOf(at, "dark")} ${isStriped(at)}`);
  expect(new Set(looks.slice(0, 24)).size).toBe(24);
  expect(new Set(looks).size).toBe(24);
});

type Vector = readonly [number, number, number];

/** Linear light of `#rrggbb`. */
function linear(hex: string): Vector {
  const part = (from: number): number => {
    const share = Number.parseInt(hex.slice(from, from + 2), 16) / 255;
    return share <= 0.040_45 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  };
  return [part(1), part(3), part(5)];
}

function times(matrix: readonly Vector[], [x, y, z]: Vector): Vector {
  const [a = 0, b = 0, c = 0] = matrix.map(([p, q, r]) => p * x + q * y + r * z);
  return [a, b, c];
}

/** What eyes see that lack the cones for red, green or blue (Machado, Oliveira and Fernandes 2009). */
const eyes: Readonly<Record<string, readonly Vector[]>> = {
  usual: [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ],
  protanopia: [
    [0.152_286, 1.052_583, -0.204_868],
    [0.114_503, 0.786_281, 0.099_216],
    [-0.003_882, -0.048_116, 1.051_998],
  ],
  deuteranopia: [
    [0.367_322, 0.860_646, -0.227_968],
    [0.280_085, 0.672_501, 0.047_413],
    [-0.011_82, 0.042_94, 0.968_881],
  ],
  tritanopia: [
    [1.255_528, -0.076_749, -0.178_779],
    [-0.078_411, 0.930_809, 0.147_602],
    [0.004_733, 0.691_367, 0.3039],
  ],
};

/** OKLab (https://bottosson.github.io/posts/oklab/), where distances are as large as they look. */
function seen(hex: string, by: readonly Vector[]): Vector {
  const [r, g, b] = times(by, linear(hex)).map((share) => Math.min(1, Math.max(0, share)));
  const cones = times(
    [
      [0.412_221_470_8, 0.536_332_536_3, 0.051_445_992_9],
      [0.211_903_498_2, 0.680_699_545_1, 0.107_396_956_6],
      [0.088_302_461_9, 0.281_718_837_6, 0.629_978_700_5],
    ],
    [r ?? 0, g ?? 0, b ?? 0],
  );
  const [l, m, s] = cones.map(Math.cbrt);
  return times(
    [
      [0.210_454_255_3, 0.793_617_785, -0.004_072_046_8],
      [1.977_998_495_1, -2.428_592_205, 0.450_593_709_9],
      [0.025_904_037_1, 0.782_771_766_2, -0.808_675_766],
    ],
    [l ?? 0, m ?? 0, s ?? 0],
  );
}

function distance(one: string, other: string, by: readonly Vector[]): number {
  const [a, b] = [seen(one, by), seen(other, by)];
  return Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]);
}

function contrast(one: string, other: string): number {
  const luminance = (hex: string) => times([[0.2126, 0.7152, 0.0722]], linear(hex))[0];
  const [dark = 0, light = 0] = [luminance(one), luminance(other)].toSorted((a, b) => a - b);
  return (light + 0.05) / (dark + 0.05);
}

/** Two greys that differ so much are told apart at a glance, side by side. */
const toldApart = 0.04;

const colours = [
  ["services", palette],
  ["kinds", Object.values(kindColours)],
] as const;

test.each(
  colours.flatMap(([what, list]) => (["light", "dark"] as const).map((theme) => ({ what, list, theme }))),
)(
  "colours of $what are told apart by colour-blind eyes, from errors too, and stand out from the $theme ground",
  ({ list, theme }) => {
    for (const [name, by] of Object.entries(eyes)) {
      list.forEach(({ [theme]: one }, at) => {
        for (const { [theme]: other } of list.slice(at + 1))
          expect(distance(one, other, by), `${name}: ${one} and ${other}`).toBeGreaterThan(toldApart);
        expect(distance(one, ink[theme].error, by), `${name}: ${one} and an error`).toBeGreaterThan(
          toldApart,
        );
      });
    }
    for (const { [theme]: one } of list) expect(contrast(one, ink[theme].ground), one).toBeGreaterThan(3);
  },
);
