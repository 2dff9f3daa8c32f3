import { expect, test } from "vitest";
import { readCsv } from "./csv.ts";
import type { Line } from "./lines.ts";

async function* linesOf(text: string): AsyncGenerator<Line> {
  yield* text.split("\n").map((line, at) => ({ number: at + 1, text: line }));
}

async function read(text: string) {
  const records = await Array.fromAsync(readCsv(linesOf(text)));
  return records.map((record) => ("fields" in record ? record.fields : `${record.line}: ${record.problem}`));
}

test.each([
  [
    "plain fields",
    "a,b\n1,2",
    [
      ["a", "b"],
      ["1", "2"],
    ],
  ],
  [
    "empty fields and lines",
    "a,b,c\n\n,,\n",
    [
      ["a", "b", "c"],
      ["", "", ""],
    ],
  ],
  [
    "quoted delimiters, doubled quotes, line ends",
    'a,b\n"x,""y""","1\n\n2"',
    [
      ["a", "b"],
      ['x,"y"', "1\n\n2"],
    ],
  ],
  [
    "empty quoted fields",
    'a,b\n"",""',
    [
      ["a", "b"],
      ["", ""],
    ],
  ],
  [
    "a quote inside an unquoted field",
    'a,b\n19" screen,2',
    [
      ["a", "b"],
      ['19" screen', "2"],
    ],
  ],
  [
    "text after a closing quote",
    'a,b\n"x"y,2',
    [
      ["a", "b"],
      ["xy", "2"],
    ],
  ],
  [
    "semicolons, where the header has them",
    "a;b\n1,5;2",
    [
      ["a", "b"],
      ["1,5", "2"],
    ],
  ],
  [
    "tabs, where the header has them",
    "a\tb\n1\t2",
    [
      ["a", "b"],
      ["1", "2"],
    ],
  ],
])("%s are read", async (_what, text, records) => expect(await read(text)).toEqual(records));

test("a quote that never closes costs its own line", async () => {
  expect(await read('a,b\n1,"open\n2,x\n3,y')).toEqual([
    ["a", "b"],
    "2: has a quote that does not close",
    ["2", "x"],
    ["3", "y"],
  ]);
});

test("a quote that closes at another record's quote costs its own line", async () => {
  expect(await read('a,b,c\n1,"open,x\n2,"quoted, well",y\n3,z,z')).toEqual([
    ["a", "b", "c"],
    "2: has 4 columns, the header has 3: perhaps a quote too many",
    ["2", "quoted, well", "y"],
    ["3", "z", "z"],
  ]);
});

test("a record's line is the one it ends on, and a wrong number of columns is told", async () => {
  const records = await Array.fromAsync(readCsv(linesOf('a,b\n"1\n1",2\n3')));
  expect(records.map(({ line }) => line)).toEqual([1, 3, 4]);
  expect(records.at(-1)).toEqual({ line: 4, problem: "has 1 columns, the header has 2" });
});

test("a megabyte of quotes that stay open is read once", async () => {
  const records = await read(`a,b\n1,"open\n${'""\n'.repeat(400_000)}2,x`);
  expect(records.slice(0, 2)).toEqual([["a", "b"], "2: has a quote that does not close"]);
  expect(records.at(-1)).toEqual(["2", "x"]);
});
