import { writeFile, mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { evaluateRetrieval, type RetrievalReport } from "../../packages/enhancer/src/eval/retrieval.ts";
import { temporaryDirectory } from "../harness.ts";
import { startPostgresIn } from "../servers.ts";

const topics = 40;
const ticketsOfTopic = 15;
const documentsOfTopic = 4;
const queriesOfTopic = 3;

/** mulberry32: the same corpus each time. */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

const random = generator(7);
const some = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;
const syllables = [
  "ba",
  "ker",
  "lo",
  "min",
  "tra",
  "ves",
  "pol",
  "du",
  "sen",
  "gri",
  "ka",
  "tor",
  "wen",
  "fil",
];
const newWord = () => Array.from({ length: 3 + Math.floor(random() * 2) }, () => some(syllables)).join("");
/** Of a topic a few words; the others are everybody's, the first ones most often. */
const everybodys = Array.from({ length: 400 }, newWord);
const wordsOf = Array.from({ length: topics }, () => Array.from({ length: 7 }, newWord));

function text(topic: number, ofTopic: number, others: number): string {
  const own = Array.from({ length: ofTopic }, () => some(wordsOf[topic] ?? []));
  const common = Array.from(
    { length: others },
    () => everybodys[Math.floor(random() ** 3 * everybodys.length)],
  );
  return [...own, ...common].sort(() => random() - 0.5).join(" ");
}

function misspelt(asked: string): string {
  return asked
    .split(" ")
    .map((word, at) =>
      at % 3 === 0 ? `${word.slice(0, 3)}${word[4] ?? ""}${word[3] ?? ""}${word.slice(5)}` : word,
    )
    .join(" ");
}

async function corpus(): Promise<{ history: string; docs: string; queries: string }> {
  const directory = await temporaryDirectory();
  const [history, docs, queries] = ["history.jsonl", "docs", "queries.jsonl"].map((name) =>
    join(directory, name),
  ) as [string, string, string];
  const tickets: object[] = [];
  const asked: object[] = [];
  for (let topic = 0; topic < topics; topic++) {
    const relevant: string[] = [];
    for (let at = 0; at < ticketsOfTopic; at++) {
      const id = `T-${topic}-${at}`;
      relevant.push(id);
      tickets.push({
        ticket_id: id,
        subject: text(topic, 1, 4),
        description: text(topic, 1, 25),
        resolution: text(topic, 1, 12),
      });
    }
    for (let at = 0; at < documentsOfTopic; at++) {
      const path = `docs/${topic}/${at}.md`;
      relevant.push(path);
      await mkdir(dirname(join(directory, path)), { recursive: true });
      await writeFile(join(directory, path), `# ${text(topic, 1, 3)}\n\n${text(topic, 3, 60)}\n`);
    }
    for (let at = 0; at < queriesOfTopic; at++) asked.push({ query: misspelt(text(topic, 3, 15)), relevant });
  }
  const lines = (rows: readonly object[]) => rows.map((row) => `${JSON.stringify(row)}\n`).join("");
  await writeFile(history, lines(tickets));
  await writeFile(queries, lines(asked));
  return { history, docs, queries };
}

test("both databases find as much of a corpus as each other, within 0.05, and more than plain bm25", async () => {
  const files = await corpus();
  const { url } = await startPostgresIn(join(await temporaryDirectory(), "data"));
  const onBadRow = (line: string | number, why: string) => expect.unreachable(`${line}: ${why}`);
  const reports: RetrievalReport[] = [];
  for (const postgres of [undefined, url])
    reports.push(await evaluateRetrieval({ ...files, postgres, onBadRow }));
  expect(reports.map(({ database }) => database)).toEqual(["sqlite", "postgresql"]);
  for (const part of ["tickets", "documents"] as const) {
    const [sqlite, postgres] = reports.map((report) => report.parts.find((one) => one.part === part));
    const recall = [sqlite?.ours.recall[5] ?? 0, postgres?.ours.recall[5] ?? 0] as const;
    expect(sqlite?.ours.queries).toBe(topics * queriesOfTopic);
    expect(Math.abs(recall[0] - recall[1])).toBeLessThanOrEqual(0.05);
    expect(Math.min(...recall)).toBeGreaterThan(sqlite?.plainBm25.recall[5] ?? 1);
    // What everybody finds, or nobody, compares nothing.
    expect(Math.max(...recall)).toBeLessThan(0.98);
    expect(Math.min(...recall)).toBeGreaterThan(0.2);
  }
});
