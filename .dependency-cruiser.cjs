// Import direction of design.md: nothing else crosses a package, and inside a package data flows one way.
const only = (from, allowed) => ({
  name: `${from}-imports-only-its-own`,
  severity: "error",
  from: { path: `^${from}/` },
  to: { path: "^(packages|apps)/", pathNot: [`^${from}/`, ...allowed.map((p) => `^${p}/`)] },
});
const never = (name, from, to) => ({ name, severity: "error", from: { path: from }, to: { path: to } });
const enhancer = "^packages/enhancer/src/";
const traces = "^packages/traces/src/";

module.exports = {
  forbidden: [
    { name: "no-cycle", severity: "error", from: {}, to: { circular: true } },
    { name: "resolvable", severity: "error", from: {}, to: { couldNotResolve: true } },
    only("apps/cli", ["packages/enhancer", "packages/traces", "packages/tracing", "packages/api"]),
    only("apps/console", ["packages/api"]),
    only("packages/enhancer", ["packages/tracing", "packages/redaction", "packages/api"]),
    only("packages/traces", ["packages/redaction", "packages/api"]),
    only("packages/tracing", ["packages/redaction"]),
    only("packages/redaction", []),
    only("packages/api", []),
    never("receive-reaches-only-the-queue", `${enhancer}receive/`, `${enhancer}(work|context|llm|desk)/`),
    never("work-never-receives", `${enhancer}work/`, `${enhancer}receive/`),
    never(
      "stages-do-not-know-the-worker",
      `${enhancer}(context|llm|desk|queue)/`,
      `${enhancer}(work|receive)/`,
    ),
    never("write-path-never-reads", `${traces}(receive|decode|ingest)`, `${traces}(api|query)`),
    never("read-path-never-writes", `${traces}(api|query)`, `${traces}(receive|decode|ingest)`),
    never("the-store-knows-neither-end", `${traces}store/`, `${traces}(receive|api)/`),
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    // The quick starts stand in a project of their own, where their imports are installed.
    exclude: { path: "(node_modules|dist|quickstart)/" },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: { exportsFields: ["exports"], conditionNames: ["import", "node", "default"] },
  },
};
