import { assert, json, property, string } from "fast-check";
import { describe, expect, test } from "vitest";
import { decodeText, decodeUtf8 } from "./charset.ts";
import { parseForm, parseMultipart } from "./form.ts";
import { depthAtMost, isTooDeep, isTooDeepValue, parseLooseJson } from "./json.ts";
import { bodyKind, mediaType } from "./media-type.ts";

describe("charsets", () => {
  const text = '{"t":"Grüße"}';
  test.each([
    ["utf-8", Buffer.from(text)],
    ["utf-8 with a mark", Buffer.from(`\uFEFF${text}`)],
    ["latin1", Buffer.from(text, "latin1")],
    ["iso-8859-1", Buffer.from(text, "latin1")],
    ["windows-1252", Buffer.from(text, "latin1")],
    ["utf-16le", Buffer.from(text, "utf16le")],
    ["utf-16", Buffer.from(`\uFEFF${text}`, "utf16le")],
    ["utf-16", Buffer.from(text, "utf16le")],
    ["utf-16be", Buffer.from(text, "utf16le").swap16()],
    ["utf-16", Buffer.from(text, "utf16le").swap16()],
    [undefined, Buffer.from(text)],
    [undefined, Buffer.from(text, "latin1")],
  ])("%s", (name, bytes) => {
    expect(decodeText(bytes, name?.replace(" with a mark", ""))).toBe(text);
  });

  test("bytes that are not of the charset, and a charset that nobody knows, are no text", () => {
    expect(decodeText(Buffer.from([0x22, 0xff, 0xff]), "utf-8")).toBeUndefined();
    expect(decodeText(Buffer.from("x"), "klingon")).toBeUndefined();
    expect(decodeUtf8(Buffer.from([0xc3]))).toBeUndefined();
  });
});

describe("loose JSON", () => {
  test.each([
    ["raw line breaks and tabs", '{"a":"one\r\n\ttwo","b":1}', { a: "one\r\n\ttwo", b: 1 }],
    ["quotation marks of HTML", '{"a":"<a href="x">y</a>", "b": "c"}', { a: '<a href="x">y</a>', b: "c" }],
    [
      "a quotation mark before a comma",
      '{"a":"said "no", twice","b":true}',
      { a: 'said "no", twice', b: true },
    ],
    ["JSON that is none the worse", '{"a":"\\"\\n"}', { a: '"\n' }],
  ])("%s", (_what, text, expected) => {
    expect(parseLooseJson(text)).toEqual(expected);
  });

  test("never changes what is JSON, and never throws", () => {
    assert(
      property(json(), (text) => {
        expect(parseLooseJson(text) ?? null).toEqual(JSON.parse(text));
      }),
    );
    assert(property(string({ maxLength: 200 }), (text) => void parseLooseJson(`{"a":"${text}"`)));
  });
});

test("depth is told from bytes as from the value", () => {
  const nested = (depth: number) => `${"[".repeat(depth)}"]]]\\"{{{"${"]".repeat(depth)}`;
  expect(isTooDeep(Buffer.from(nested(depthAtMost)))).toBe(false);
  expect(isTooDeep(Buffer.from(nested(depthAtMost + 1)))).toBe(true);
  expect(isTooDeepValue(JSON.parse(nested(depthAtMost)))).toBe(false);
  expect(isTooDeepValue(JSON.parse(nested(depthAtMost + 1)))).toBe(true);
});

describe("forms", () => {
  test("fields of any charset, the first of a name, JSON inside of a field", () => {
    expect(
      parseForm(Buffer.from("id=7&text=a+b%0Ac%3D%26&id=8&e&payload=%7B%22x%22%3A1%7D"), undefined),
    ).toEqual({
      id: "7",
      text: "a b\nc=&",
      e: "",
      payload: { x: 1 },
    });
    expect(parseForm(Buffer.from("text=Gr%FC%DFe"), "latin1")).toEqual({ text: "Grüße" });
    expect(parseForm(Buffer.from("text=Gr%C3%BC%C3%9Fe"), undefined)).toEqual({ text: "Grüße" });
    expect(parseForm(Buffer.from("a=%zz%4"), undefined)).toEqual({ a: "%zz%4" });
    expect(Object.keys(parseForm(Buffer.from("__proto__=1"), undefined) ?? {})).toEqual(["__proto__"]);
  });

  test("multipart: text fields; what is none is told", async () => {
    const parts = '--b\r\nContent-Disposition: form-data; name="id"\r\n\r\n7\r\n--b--\r\n';
    expect(await parseMultipart(Buffer.from(parts), "multipart/form-data; boundary=b")).toEqual({ id: "7" });
    expect(await parseMultipart(Buffer.from("x"), "multipart/form-data; boundary=b")).toBeUndefined();
    expect(await parseMultipart(Buffer.from("x"), "multipart/form-data")).toBeUndefined();
  });
});

test.each([
  [undefined, "json"],
  ["application/json; charset=UTF-8", "json"],
  ["application/vnd.desk.v3+json", "json"],
  ["application/x-ndjson", "ndjson"],
  ["application/x-www-form-urlencoded", "form"],
  ["multipart/form-data; boundary=x", "multipart"],
  ["text/plain", "text"],
  ["image/png", undefined],
  ["application/xml", undefined],
  [";;;", "json"],
])("Content-Type %s is %s", (header, kind) => {
  expect(bodyKind(mediaType(header))).toBe(kind);
});

test("a charset may be quoted and in capitals", () => {
  expect(mediaType('application/json; Charset="ISO-8859-1"').charset).toBe("iso-8859-1");
});
