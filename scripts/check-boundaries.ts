import { cruise, type ICruiseOptions, type ICruiseResult, type IFlattenedRuleSet } from "dependency-cruiser";
import { createRequire } from "node:module";

/**
 * Holds every import against .dependency-cruiser.cjs. Run through the library and not its command: the command warns at each
 * run that it wants an older TypeScript compiler, though it reads the sources (types included) with swc.
 */
const { forbidden, options } = createRequire(import.meta.url)("../.dependency-cruiser.cjs") as {
  forbidden: NonNullable<IFlattenedRuleSet["forbidden"]>;
  options: ICruiseOptions;
};

const { output } = await cruise(["packages", "apps"], { ...options, validate: true, ruleSet: { forbidden } });
const { summary } = output as ICruiseResult;
for (const { rule, from, to, cycle } of summary.violations) {
  const way = cycle === undefined ? to : cycle.map(({ name }) => name).join(" -> ");
  process.stderr.write(`${rule.name}: ${from} -> ${way}\n`);
}
// A cruise that sees next to nothing would find nothing either.
if (
  summary.totalCruised < 150 ||
  summary.totalDependenciesCruised === undefined ||
  summary.totalDependenciesCruised < 300
) {
  process.stderr.write(`only ${summary.totalCruised} modules were seen: the check does not work\n`);
  process.exit(1);
}
process.exit(summary.violations.length === 0 ? 0 : 1);
