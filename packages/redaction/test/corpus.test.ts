import { expect, test } from "vitest";
import { createRedactor } from "../src/index.ts";
import { lookAlikes } from "./corpus/look-alikes.ts";
import { secretExamples } from "./corpus/secrets.ts";

const seed = Number(process.env["THROUGHLINE_SEED"] ?? 20_261_123);

test("secrets are found and look-alikes stay: recall and precision are 0.99 at least", () => {
  const redactor = createRedactor();
  const secrets = secretExamples(seed, 8);
  const harmless = lookAlikes(seed, 8);
  const missed = secrets.filter(({ text, secret }) => redactor.text(text).includes(secret));
  const wrong = harmless.filter((text) => redactor.text(text) !== text);
  const found = secrets.length - missed.length;
  const recall = found / secrets.length;
  const precision = found / (found + wrong.length);
  process.stdout.write(
    `redaction corpus (seed ${seed}): ${secrets.length} secrets in ${new Set(secrets.map(({ shape }) => shape)).size} shapes, ` +
      `${harmless.length} look-alikes; recall ${recall.toFixed(4)}, precision ${precision.toFixed(4)}\n`,
  );
  for (const { shape, text } of missed) process.stdout.write(`  missed (${shape}): ${text.slice(0, 160)}\n`);
  for (const text of wrong)
    process.stdout.write(`  wrong: ${text.slice(0, 120)} -> ${redactor.text(text).slice(0, 120)}\n`);
  expect(secrets.length).toBeGreaterThanOrEqual(300);
  expect(harmless.length).toBeGreaterThanOrEqual(300);
  expect(recall).toBeGreaterThanOrEqual(0.99);
  expect(precision).toBeGreaterThanOrEqual(0.99);
});
