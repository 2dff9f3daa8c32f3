import type { RetrievalReport } from "@throughline/enhancer/eval";
import type { Command } from "commander";
import { type Flags, missingSetting } from "../config.ts";
import type { CommandContext } from "./context.ts";
import { addSettings, printJson, printTable, settingsOf, textOf } from "./options.ts";

export function addEvalRetrieval(parent: Command, context: CommandContext): void {
  const retrieval = parent
    .command("retrieval")
    .description("ask a history known questions: recall, MRR and nDCG, beside plain bm25; keeps nothing")
    .option("--history <FILE>", "resolved tickets, as for `import history`")
    .option("--docs <DIR>", "documents, as for `import docs`")
    .option(
      "--queries <FILE>",
      'JSON lines: {"query": "...", "relevant": ["id", ...], "subject"?, "ticket_id"?}',
    )
    .option("--json", "print JSON");
  addSettings(retrieval, ["postgres"]).action((flags: Flags) => runRetrieval(flags, context));
}

async function runRetrieval(flags: Flags, context: CommandContext): Promise<void> {
  const [history, queries] = [textOf(flags, "history"), textOf(flags, "queries")];
  if (history === undefined) throw missingSetting("--history");
  if (queries === undefined) throw missingSetting("--queries");
  const { evaluateRetrieval } = await import("@throughline/enhancer/eval");
  const report = await evaluateRetrieval({
    history,
    queries,
    docs: textOf(flags, "docs"),
    postgres: settingsOf(flags, context).postgres,
    onBadRow: (where, reason) => process.stderr.write(`${where}: ${reason}, skipped\n`),
  });
  if (flags["json"] === true) printJson(report);
  else print(report);
}

function print({ database, history, documents, parts, p50Ms, p95Ms }: RetrievalReport): void {
  process.stdout.write(`${history} tickets and ${documents} sections in ${database}\n\n`);
  const figure = (value: number | undefined) => (value ?? 0).toFixed(3);
  printTable([
    ["FOUND", "BY", "QUERIES", "RECALL@1", "RECALL@3", "RECALL@5", "HIT@5", "MRR", "NDCG@5"],
    ...parts.flatMap(({ part, ours, plainBm25 }) =>
      [["throughline", ours] as const, ["plain bm25", plainBm25] as const].map(([by, measures]) => [
        part,
        by,
        String(measures.queries),
        ...[1, 3, 5].map((k) => figure(measures.recall[k])),
        figure(measures.hit[5]),
        figure(measures.mrr),
        figure(measures.ndcg),
      ]),
    ),
  ]);
  process.stdout.write(`\none search: p50 ${p50Ms} ms, p95 ${p95Ms} ms\n`);
}
