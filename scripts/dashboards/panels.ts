/** The parts that our Grafana dashboards are made of. */

const prometheus = { type: "prometheus", uid: "${datasource}" };
/** Of Grafana's grid. */
const columns = 24;

/** Units by Grafana's names. */
type Unit = "short" | "s" | "percent" | "percentunit" | "bytes" | "Bps" | "ops" | "currencyUSD" | "reqps";

interface Target {
  expr: string;
  /** Of its series; `{{label}}` stands for a label's value. */
  legend: string;
  /** Whether the traces behind a histogram's buckets are shown as points. */
  exemplar?: boolean;
}

export interface PanelSpec {
  kind?: "timeseries" | "stat" | "bargauge" | "heatmap";
  title: string;
  description: string;
  unit: Unit;
  targets: readonly Target[];
  /** Conditions of the search that the panel leads to, as parameters of the console. */
  search: Readonly<Record<string, string>>;
  width?: 6 | 8 | 12 | 24;
  height?: number;
  max?: number;
  stacked?: boolean;
  /** From this value on it is drawn in red. */
  bad?: number;
  /** From this value down it is drawn in red. */
  badBelow?: number;
}

export interface DashboardSpec {
  uid: string;
  title: string;
  description: string;
  /** Whether its queries ask for `$tenant`. */
  byTenant: boolean;
  rows: readonly { title: string; panels: readonly PanelSpec[] }[];
}

/** The service whose spans tickets are made of. */
export const enhancer = "ai-agents-enhancement";

/** The console's search over the time that the dashboard shows; Jaeger's own UI reads the same parameters. */
function searchUrl(conditions: Readonly<Record<string, string>>): string {
  // Variables of Grafana stay as they are.
  const encode = (text: string): string =>
    text
      .split(/(\$\{[^}]*\})/)
      .map((part, at) => (at % 2 === 1 ? part : encodeURIComponent(part)))
      .join("");
  const parameters = Object.entries(conditions).map(([name, value]) => `${name}=${encode(value)}`);
  return `\${console}/search?${[...parameters, "start=${__from}000", "end=${__to}000", "lookback=custom"].join("&")}`;
}

/** Tags of a search as Jaeger's URLs have them. */
export function tags(pairs: Readonly<Record<string, string>>): string {
  return JSON.stringify(pairs);
}

function thresholds({ bad, badBelow }: PanelSpec) {
  const good = { color: "green", value: null };
  if (bad !== undefined) return { mode: "absolute", steps: [good, { color: "red", value: bad }] };
  if (badBelow !== undefined)
    return {
      mode: "absolute",
      steps: [
        { color: "red", value: null },
        { color: "green", value: badBelow },
      ],
    };
  return { mode: "absolute", steps: [good] };
}

function panel(spec: PanelSpec, id: number, at: { x: number; y: number; w: number; h: number }): object {
  const { kind = "timeseries", title, description, unit, max, stacked = false } = spec;
  const link = (search: PanelSpec["search"]) => [
    { title: "Traces of this time", url: searchUrl(search), targetBlank: true },
  ];
  // A panel has no label: only a point of a series has.
  const whole = Object.entries(spec.search).filter(([, value]) => !value.includes("${__field"));
  const isMarked = spec.bad !== undefined || spec.badBelow !== undefined;
  const custom = {
    fillOpacity: stacked ? 40 : 10,
    showPoints: "never",
    ...(stacked ? { stacking: { mode: "normal", group: "A" } } : {}),
    ...(isMarked ? { thresholdsStyle: { mode: "line" } } : {}),
  };
  return {
    id,
    type: kind,
    title,
    description,
    datasource: prometheus,
    gridPos: at,
    links: link(Object.fromEntries(whole)),
    fieldConfig: {
      defaults: {
        unit,
        min: 0,
        ...(max === undefined ? {} : { max }),
        thresholds: thresholds(spec),
        ...(kind === "timeseries" ? { custom } : { color: { mode: "thresholds" } }),
        links: link(spec.search),
      },
      overrides: [],
    },
    options: optionsOf(kind),
    targets: spec.targets.map(({ expr, legend, exemplar = false }, index) => ({
      refId: String.fromCodePoint("A".charCodeAt(0) + index),
      datasource: prometheus,
      expr,
      legendFormat: legend,
      exemplar,
      ...(kind === "stat" || kind === "bargauge" ? { instant: true, range: false } : { range: true }),
      ...(kind === "heatmap" ? { format: "heatmap" } : {}),
    })),
  };
}

function optionsOf(kind: NonNullable<PanelSpec["kind"]>): object {
  const reduced = { reduceOptions: { calcs: ["lastNotNull"], fields: "", values: false } };
  switch (kind) {
    case "timeseries":
      return {
        legend: { displayMode: "table", placement: "bottom", calcs: ["lastNotNull", "max"] },
        tooltip: { mode: "multi", sort: "desc" },
      };
    case "stat":
      return { ...reduced, colorMode: "value", graphMode: "none", textMode: "auto" };
    case "bargauge":
      return { ...reduced, displayMode: "gradient", orientation: "horizontal" };
    case "heatmap":
      return { calculate: false, yAxis: { unit: "s" }, color: { scheme: "Oranges", mode: "scheme" } };
  }
}

/** A whole dashboard as Grafana takes it. */
export function dashboard({ uid, title, description, byTenant, rows }: DashboardSpec): object {
  const panels: object[] = [];
  let y = 0;
  for (const row of rows) {
    panels.push({
      id: panels.length + 1,
      type: "row",
      title: row.title,
      collapsed: false,
      gridPos: { x: 0, y, w: columns, h: 1 },
      panels: [],
    });
    y++;
    let x = 0;
    let tallest = 0;
    for (const spec of row.panels) {
      const w = spec.width ?? (spec.kind === "stat" ? 6 : 12);
      const h = spec.height ?? (spec.kind === "stat" ? 4 : 8);
      if (x + w > columns) {
        x = 0;
        y += tallest;
        tallest = 0;
      }
      panels.push(panel(spec, panels.length + 1, { x, y, w, h }));
      x += w;
      tallest = Math.max(tallest, h);
    }
    y += tallest;
  }
  return {
    uid,
    title,
    description,
    tags: ["throughline"],
    editable: true,
    graphTooltip: 1,
    refresh: "30s",
    schemaVersion: 39,
    version: 1,
    time: { from: "now-6h", to: "now" },
    timezone: "browser",
    annotations: { list: [firingAlerts] },
    links: [
      {
        type: "dashboards",
        title: "Throughline",
        tags: ["throughline"],
        asDropdown: true,
        keepTime: true,
        includeVars: true,
        icon: "external link",
      },
    ],
    templating: { list: [...variables, ...(byTenant ? [tenant] : [])] },
    panels,
  };
}

const firingAlerts = {
  name: "Alerts",
  enable: true,
  datasource: prometheus,
  expr: 'ALERTS{alertstate="firing", alertname!="Watchdog"}',
  iconColor: "red",
  titleFormat: "{{alertname}}",
  step: "60s",
};

/** Where people open the console, until they say otherwise. */
const consoleUrl = "http://localhost:16686";
const variables = [
  { name: "datasource", label: "Metrics", type: "datasource", query: "prometheus", current: {}, hide: 0 },
  {
    name: "console",
    label: "Console",
    type: "textbox",
    query: consoleUrl,
    current: { text: consoleUrl, value: consoleUrl },
    hide: 0,
  },
];

const tenant = {
  name: "tenant",
  label: "Tenant",
  type: "query",
  datasource: prometheus,
  definition: "label_values(enhancement_requests_total, tenant_id)",
  query: { query: "label_values(enhancement_requests_total, tenant_id)", refId: "tenant" },
  refresh: 2,
  sort: 1,
  includeAll: true,
  multi: true,
  allValue: ".*",
  current: { text: "All", value: "$__all" },
  hide: 0,
};
