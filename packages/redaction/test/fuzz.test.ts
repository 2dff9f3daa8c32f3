import * as fc from "fast-check";
import { expect, test } from "vitest";
import { createRedactor } from "../src/index.ts";
import { secretExamples } from "./corpus/secrets.ts";

const seed = Number(process.env["THROUGHLINE_SEED"] ?? Date.now() % 1_000_000);
/** A twentieth of the rounds by default. */
const rounds = Number(process.env["THROUGHLINE_ROUNDS"] ?? 0.05);
process.stdout.write(`redaction fuzz: seed ${seed}, rounds ${rounds}\n`);

/** Beginnings of every rule, and what could make one try again and again. */
const units = [
  "a",
  "aA1",
  "0",
  "4 ",
  "a:/",
  "key=",
  "key: ",
  "Bearer ",
  "Basic ",
  "Token ",
  "://a:",
  "://",
  "@",
  "a@b.",
  "-----BEGIN RSA PRIVATE KEY-----",
  "-----BEGIN ",
  "eyJaaaaa.",
  "ey",
  "?token=",
  "&sig=",
  "secret-",
  "secret",
  "password",
  "password ",
  "password is ",
  'pass="',
  '\\"',
  "'",
  "<password>",
  "</",
  "mot de passe ",
  "curl -u ",
  "mysql -p",
  "sshpass -p ",
  "redis-cli -a ",
  "aws ",
  "AKIA",
  "DE89 ",
  "GB82",
  "sk-",
  "SG.",
  "xox-",
  "1000.",
  "hooks.slack.com/",
  "Private-Lines: 1\n",
  "a-",
  "/",
  "=",
  "%3D",
  "\ud800",
  "\n",
  " ",
  "[",
  '{"a":',
  "jdbc:oracle:x:",
  "https://a:b",
  "-u x:",
];

/** CPU time of this thread, ms: what others do on the machine does not count. */
function timeOf(text: string): number {
  const redactor = createRedactor({ optIn: ["email", "phone", "ip"] });
  const started = process.threadCpuUsage();
  redactor.text(text);
  const { user, system } = process.threadCpuUsage(started);
  return (user + system) / 1_000;
}

test("time grows in proportion to the text, whatever it repeats", () => {
  const unit = fc
    .array(fc.constantFrom(...units), { minLength: 1, maxLength: 4 })
    .map((parts) => parts.join(""));
  fc.assert(
    fc.property(unit, (repeated) => {
      const text = (length: number) => repeated.repeat(Math.ceil(length / repeated.length)).slice(0, length);
      const grows = (): boolean => {
        timeOf(text(2_000));
        const once = Math.min(timeOf(text(20_000)), timeOf(text(20_000)), timeOf(text(20_000)));
        // Four times the text in the square of that would be 16 times.
        if (once < 4) return false;
        return Math.min(timeOf(text(80_000)), timeOf(text(80_000)), timeOf(text(80_000))) >= once * 12;
      };
      // What is true of the rules is so each time; a collection of garbage in between is not.
      return !(grows() && grows() && grows());
    }),
    { numRuns: Math.ceil(2_000 * rounds), seed },
  );
});

test("a secret that is hidden by itself is hidden wherever it stands", () => {
  const redactor = createRedactor();
  // How many are hidden by themselves is what the corpus measures.
  const examples = secretExamples(seed, 3).filter(
    ({ text, secret }) => !redactor.text(text).includes(secret),
  );
  expect(examples.length).toBeGreaterThan(50);
  const filler = fc.string({ unit: fc.constantFrom(..."abc xyz ÄÖ😀,.;()\n\t".split("")), maxLength: 40 });
  fc.assert(
    fc.property(fc.constantFrom(...examples), filler, filler, ({ text, secret }, before, after) => {
      const said = [
        redactor.text(`${before} ${text}`),
        redactor.text(`${text}\n${after}`),
        redactor.key(text),
        JSON.stringify(redactor.value("note", [before, { deep: [text, after] }])),
        JSON.stringify(redactor.value("stack", `Error: ${text}\n    at main (app.js:1:1)`)),
      ];
      return said.every((part) => !part.includes(secret));
    }),
    { numRuns: Math.ceil(20_000 * rounds), seed },
  );
});

test("whatever comes in, something comes out, and cleaning it again changes nothing", () => {
  const redactor = createRedactor();
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 300 }), (text) => {
      const clean = redactor.text(text);
      expect(redactor.text(clean)).toBe(clean);
    }),
    { numRuns: Math.ceil(40_000 * rounds), seed },
  );
});
