import { readBugEntries } from "../examples/debian/changelogs.ts";

/** Text of any length that reads like a service desk's: words follow each other as in Debian's changelogs, rare ones are as rare. */
export interface Corpus {
  described: string;
  ticket(number: number): {
    ticket_id: string;
    subject: string;
    description: string;
    resolution: string;
    resolved_date: number;
    tags: string[];
  };
  section(number: number): { anchor: string; title: string; body: string };
  question(number: number): string;
}

/** A word that stands in no other text: a host, an id, a hash. */
const uniqueShare = 0.02;
const year = 365 * 86_400_000;

export function readCorpus(): Corpus {
  const entries = readBugEntries("/usr/share/doc");
  if (entries.length < 1_000) throw new Error("too few changelogs are installed: this bench needs Debian");
  const followers = new Map<string, string[]>();
  for (const { package: name, done } of entries) {
    const words = `${name} ${done}`.split(/\s+/);
    words.forEach((word, at) => {
      const next = words[at + 1];
      if (next === undefined) return;
      const known = followers.get(word);
      if (known === undefined) followers.set(word, [next]);
      else known.push(next);
    });
  }
  const starts = entries.map(({ package: name }) => name);
  const text = (random: () => number, length: number): string => {
    const words: string[] = [];
    let word = pick(starts, random);
    while (words.length < length) {
      words.push(random() < uniqueShare ? Math.floor(random() * 1e12).toString(36) : word);
      word = pick(followers.get(word) ?? starts, random);
    }
    return words.join(" ");
  };
  return {
    described: `text from ${entries.length} changelog entries with ${followers.size} different words, ${uniqueShare * 100} % of the words unique`,
    ticket: (number) => {
      const random = generator(number * 3 + 1);
      return {
        ticket_id: `T-${number}`,
        subject: text(random, 9),
        description: text(random, 20 + Math.floor(random() * 80)),
        resolution: text(random, 15 + Math.floor(random() * 50)),
        resolved_date: Math.round(Date.now() - random() * 3 * year),
        tags: [pick(starts, random)],
      };
    },
    section: (number) => {
      const random = generator(number * 3 + 2);
      return {
        anchor: `s${number}`,
        title: text(random, 8),
        body: text(random, 60 + Math.floor(random() * 160)),
      };
    },
    question: (number) => {
      const random = generator(number * 3 + 7_000_003);
      return text(random, 20 + Math.floor(random() * 100));
    },
  };
}

function pick<T>(list: readonly T[], random: () => number): T {
  const one = list[Math.floor(random() * list.length)];
  if (one === undefined) throw new Error("an empty list");
  return one;
}

/** mulberry32: the same text for the same number on every machine. */
function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
