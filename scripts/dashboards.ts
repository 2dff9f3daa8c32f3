/** Writes Grafana's dashboards, deploy/grafana/dashboards, from the code beside this: `npm run dashboards`. */
import { mkdirSync, writeFileSync } from "node:fs";
import { dashboardFiles } from "./dashboards/all.ts";

const folder = new URL("../deploy/grafana/dashboards/", import.meta.url).pathname;
mkdirSync(folder, { recursive: true });
for (const [name, text] of dashboardFiles()) writeFileSync(folder + name, text);
