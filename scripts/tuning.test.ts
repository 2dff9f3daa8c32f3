import { readFileSync } from "node:fs";
import { expect, test } from "vitest";

const text = readFileSync(new URL("../docs/tuning.md", import.meta.url), "utf8");
const units: Readonly<Record<string, number>> = { B: 1, kB: 1e3, MB: 1e6, GB: 1e9, TB: 1e12 };

function cells(after: string): number[][] {
  const table = (text.split(after)[1] ?? "").split("\n\n").find((part) => part.startsWith("|")) ?? "";
  return table
    .split("\n")
    .slice(2)
    .map((row) =>
      row
        .split("|")
        .slice(1, -1)
        .map((cell) => {
          const [, number = "", unit = "B"] = /([\d,.]+) ?(kB|MB|GB|TB)?/.exec(cell) ?? [];
          return Number(number.replaceAll(",", "")) * (units[unit] ?? NaN);
        }),
    );
}

/** To three digits, as the document rounds. */
function near(shown: number | undefined, computed: number): void {
  expect(Math.abs((shown ?? NaN) - computed) / computed, `${shown} for ${computed}`).toBeLessThan(0.005);
}

const spansPerTicket = Number(/A ticket is ([\d.]+) spans/.exec(text)?.[1]);
const bytesOfTickets = Number(/\*\*([\d.]+) bytes a span\*\*/.exec(text)?.[1]);
const bytesAtLarge = Number(/over 10,000,000 spans it is ([\d.]+)\./.exec(text)?.[1]);

test("the table of sampling follows from the measured spans of a ticket and bytes of a span", () => {
  const rows = cells("For 1,000 tickets a day:\n\n");
  expect(rows).toHaveLength(5);
  for (const [percent = 0, rate, traces = 0, spans, day, threeDays, ninetyDays] of rows) {
    near(rate, percent / 100);
    near(traces, percent * 10);
    near(spans, traces * spansPerTicket);
    const bytes = traces * spansPerTicket * bytesOfTickets;
    near(day, bytes);
    near(threeDays, 3 * bytes);
    near(ninetyDays, 90 * bytes);
  }
});

test("the table of retention follows from the bytes of a span", () => {
  expect(text).toContain(`x 86,400 x days x ${bytesAtLarge}.`);
  const rows = cells("## Retention\n");
  expect(rows).toHaveLength(5);
  for (const [rate = 0, spans, ...sizes] of rows) {
    near(spans, rate * 86_400);
    [1, 3, 30, 90].forEach((days, at) => near(sizes[at], rate * 86_400 * days * bytesAtLarge));
  }
});

test("the table of queues follows from the spans of a ticket", () => {
  const rows = cells("how long an outage of the backend may be:\n\n");
  expect(rows).toHaveLength(3);
  for (const [queue = 0, ...seconds] of rows)
    [1, 10, 100].forEach((rate, at) =>
      expect(Math.abs((seconds[at] ?? NaN) - queue / (rate * spansPerTicket))).toBeLessThanOrEqual(0.5),
    );
});

/** Figures that stand in these documents because they were measured: where a benchmark says something else, they change too. */
const quoted: Readonly<Record<string, readonly string[]>> = {
  "tuning.md": ["7,080", "904", "666", "1.16", "1.54", "3,789", "675", "4.4", "23.6", "24.5 ms", "243"],
  "capacity.md": [
    "7,080",
    "904",
    "3,789",
    "675",
    "0.130",
    "1.16",
    "1.48",
    "4.4",
    "23.6",
    "316,000",
    "324 MB",
  ],
};

test.each(Object.entries(quoted))(
  "the figures of docs/%s are those of docs/performance.md",
  (file, figures) => {
    const read = (name: string) => readFileSync(new URL(`../docs/${name}`, import.meta.url), "utf8");
    const measured = read("performance.md");
    for (const figure of figures) {
      expect(read(file), figure).toContain(figure);
      expect(measured, figure).toContain(figure);
    }
  },
);
