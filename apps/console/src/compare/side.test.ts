import { expect, test } from "vitest";
import { parseSide } from "./side.ts";

test("a side is ids, the address of a page, or a search", () => {
  const id = "0af7651916cd43dd8448eb211c80319c";
  expect(parseSide(` ${id} `)).toEqual({ kind: "traces", ids: [id] });
  expect(parseSide(`${id}, abc`)).toEqual({ kind: "traces", ids: [id, "abc"] });
  expect(parseSide(`http://127.0.0.1:16686/trace/${id}?span=1`)).toEqual({ kind: "traces", ids: [id] });
  const search = parseSide("http://127.0.0.1:16686/search?service=shop&status=error");
  expect(search?.kind === "search" && [...search.parameters]).toEqual([
    ["service", "shop"],
    ["status", "error"],
  ]);
  const bare = parseSide("service=shop");
  expect(bare?.kind === "search" && [...bare.parameters]).toEqual([["service", "shop"]]);
});

test("what is neither is no side", () => {
  expect(parseSide("")).toBeUndefined();
  expect(parseSide("the slow ones")).toBeUndefined();
});
