import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { dashboardFiles } from "./dashboards/all.ts";

const folder = new URL("../deploy/grafana/dashboards/", import.meta.url).pathname;

interface Panel {
  id: number;
  type: string;
  title: string;
  description: string;
  datasource?: { uid: string };
  gridPos: { x: number; y: number; w: number; h: number };
  links?: { url: string }[];
  fieldConfig?: { defaults: { links: { url: string }[]; unit: string } };
  targets?: { expr: string; legendFormat: string; datasource: { uid: string }; exemplar: boolean }[];
}
interface Dashboard {
  uid: string;
  title: string;
  templating: { list: { name: string; type: string; query: unknown }[] };
  panels: Panel[];
}

const dashboards = [...dashboardFiles()].map(([file, text]) => ({
  file,
  ...(JSON.parse(text) as Dashboard),
}));
const graphs = dashboards.flatMap(({ file, panels }) =>
  panels.filter(({ type }) => type !== "row").map((panel) => ({ where: `${file}: ${panel.title}`, panel })),
);

test("the dashboards that are deployed are those that the code makes: npm run dashboards writes them", () => {
  expect(readdirSync(folder).sort()).toEqual([...dashboardFiles().keys()].sort());
  for (const [name, text] of dashboardFiles()) expect(readFileSync(folder + name, "utf8"), name).toBe(text);
});

test("there is one for tickets, the pipeline, the cost of models and the trace backend", () => {
  expect(dashboards.map(({ uid }) => uid).sort()).toEqual([
    "throughline-model-cost",
    "throughline-pipeline",
    "throughline-tickets",
    "throughline-trace-backend",
  ]);
});

test("data sources are variables, in every panel and query", () => {
  for (const { file, templating } of dashboards)
    expect(templating.list, file).toContainEqual(
      expect.objectContaining({ name: "datasource", type: "datasource", query: "prometheus" }),
    );
  for (const { where, panel } of graphs) {
    expect(panel.datasource?.uid, where).toBe("${datasource}");
    expect(panel.targets?.length, where).toBeGreaterThan(0);
    for (const target of panel.targets ?? []) expect(target.datasource.uid, where).toBe("${datasource}");
  }
});

test("each panel leads to the traces of its time", () => {
  for (const { where, panel } of graphs) {
    expect(panel.description.length, where).toBeGreaterThan(10);
    // Labels are known at a point of a series only.
    expect(panel.links?.[0]?.url, where).not.toContain("__field");
    for (const links of [panel.links, panel.fieldConfig?.defaults.links]) {
      const [link] = links ?? [];
      expect(link?.url, where).toMatch(
        /^\$\{console\}\/search\?(?:[^ "]*&)?start=\$\{__from\}000&end=\$\{__to\}000&lookback=custom$/,
      );
    }
  }
});

test("percentiles of tickets, webhooks, desks and models show the traces behind them", () => {
  const shown = graphs.filter(({ panel }) => panel.targets?.some(({ exemplar }) => exemplar));
  expect(shown.map(({ panel }) => panel.title).sort()).toEqual([
    "From webhook to note",
    "Time that desks take",
    "Time that models take",
    "Time to answer a webhook",
  ]);
});

test("panels have numbers of their own and do not lie on one another", () => {
  for (const { file, panels } of dashboards) {
    expect(new Set(panels.map(({ id }) => id)).size, file).toBe(panels.length);
    const taken = new Set<string>();
    for (const { title, gridPos } of panels) {
      expect(gridPos.x + gridPos.w, title).toBeLessThanOrEqual(24);
      for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++)
        for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
          expect(taken.has(`${x} ${y}`), `${file}: ${title}`).toBe(false);
          taken.add(`${x} ${y}`);
        }
    }
  }
});
