import { modelCost } from "./model-cost.ts";
import { dashboard } from "./panels.ts";
import { pipeline } from "./pipeline.ts";
import { tickets } from "./tickets.ts";
import { traceBackend } from "./trace-backend.ts";

/** Every dashboard by the name of its file, as text. */
export function dashboardFiles(): ReadonlyMap<string, string> {
  const specs = { tickets, pipeline, "model-cost": modelCost, "trace-backend": traceBackend };
  return new Map(
    Object.entries(specs).map(([name, spec]) => [
      `${name}.json`,
      `${JSON.stringify(dashboard(spec), undefined, 2)}\n`,
    ]),
  );
}
