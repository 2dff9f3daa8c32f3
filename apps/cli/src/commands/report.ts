import type { WeekReport } from "@throughline/api";
import type { Command } from "commander";
import { type Flags, invalidSetting, missingSetting } from "../config.ts";
import type { CommandContext } from "./context.ts";
import { addSettings, printJson, printTable, storeSettings, textOf } from "./options.ts";
import { withStore } from "./store.ts";

const formats = ["text", "json", "csv"] as const;

/** Columns of the CSV, and their names. */
const columns = [
  "week",
  "tickets",
  "success",
  "partial",
  "skipped",
  "failed",
  "successRate",
  "p50Ms",
  "p95Ms",
  "costUsd",
  "inputTokens",
  "outputTokens",
  "cachedTokens",
  "thumbsUp",
  "thumbsDown",
  "helpfulness",
] as const satisfies readonly (keyof WeekReport)[];

export function addReportCommand(program: Command, context: CommandContext): void {
  const command = program
    .command("report")
    .description("success, latency, cost and helpfulness of a tenant's notes, by week")
    .option("--tenant <ID>", "whose")
    .option("--weeks <N>", "so many weeks, this one included", "12")
    .option("--format <FORMAT>", formats.join(", "), formats[0])
    .option("--json", "print JSON");
  addSettings(command, storeSettings).action((flags: Flags) =>
    withStore(flags, context, async (store) => {
      const tenant = textOf(flags, "tenant");
      if (tenant === undefined) throw missingSetting("--tenant");
      const weeksBack = Number(flags["weeks"]);
      if (!Number.isInteger(weeksBack) || weeksBack < 1 || weeksBack > 520)
        throw invalidSetting("--weeks", String(flags["weeks"]), "expected 1 to 520");
      const format = flags["json"] === true ? "json" : formats.find((one) => one === flags["format"]);
      if (format === undefined)
        throw invalidSetting("--format", String(flags["format"]), `expected one of ${formats.join(", ")}`);
      await store.tenants.get(tenant);
      const { reportOf } = await import("@throughline/enhancer");
      const weeks = await reportOf(store.database, tenant, weeksBack);
      if (format === "json") printJson({ tenant, weeks });
      else if (format === "csv") process.stdout.write(csvOf(weeks));
      else printTable([headings, ...weeks.map(lineOf)]);
    }),
  );
}

function csvOf(weeks: readonly WeekReport[]): string {
  const rows = weeks.map((week) => columns.map((column) => String(week[column] ?? "")).join(","));
  return `${[columns.join(","), ...rows].join("\r\n")}\r\n`;
}

const headings = [
  "WEEK",
  "TICKETS",
  "NOTES",
  "PARTIAL",
  "SKIPPED",
  "FAILED",
  "SUCCESS",
  "P50",
  "P95",
  "COST",
  "HELPFUL",
];

function lineOf(week: WeekReport): string[] {
  const percent = (share: number | null) => (share === null ? "-" : `${Math.round(share * 100)} %`);
  const seconds = (ms: number | null) => (ms === null ? "-" : `${(ms / 1_000).toFixed(1)} s`);
  const thumbs = week.thumbsUp + week.thumbsDown;
  return [
    week.week,
    String(week.tickets),
    String(week.success),
    String(week.partial),
    String(week.skipped),
    String(week.failed),
    percent(week.successRate),
    seconds(week.p50Ms),
    seconds(week.p95Ms),
    `$${week.costUsd.toFixed(4)}`,
    thumbs === 0 ? "-" : `${percent(week.helpfulness)} of ${thumbs}`,
  ];
}
