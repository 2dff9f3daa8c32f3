import { expect, test } from "vitest";
import { readBoolean, readDuration, readInteger, readLimit, readStringMap } from "./go-values.ts";
import { QueryParameters } from "./query.ts";
import { parseRfc3339 } from "./time.ts";
import { parseTraceId } from "./trace-id.ts";

test("Go durations are read exactly, 0 and nothing mean unbounded", () => {
  const read = (text: string) => readDuration("d", text);
  expect(read("1.5s")).toBe(1_500_000_000n);
  expect(read("1h2m")).toBe(3_720_000_000_000n);
  expect(read("100ms")).toBe(100_000_000n);
  expect(read("3us")).toBe(3_000n);
  expect(read("3\u00b5s")).toBe(3_000n);
  expect(read(".5ns1ns")).toBe(1n);
  expect(read("0.000000001s")).toBe(1n);
  expect(read("0")).toBeUndefined();
  expect(read("0s")).toBeUndefined();
  expect(readDuration("d", undefined)).toBeUndefined();
});

test.each(["10", "1.5", "s", "-1s", "1 s", "1d", "1.s.", ".s", "1e3s", "99999999h", "ms"])(
  "%s is no duration of 0 or more with a unit",
  (text) => expect(() => readDuration("d", text)).toThrow("'d'"),
);

test("booleans have Go's spellings", () => {
  expect(["1", "t", "T", "true", "TRUE", "True"].map((text) => readBoolean("b", text))).not.toContain(false);
  expect(["0", "f", "F", "false", "FALSE", "False"].map((text) => readBoolean("b", text))).not.toContain(
    true,
  );
  expect(() => readBoolean("b", "yes")).toThrow("must be true or false");
});

test("integers stay within 64 bits, limits within 32, and a limit of 0 is the default", () => {
  expect(readInteger("i", "9223372036854775807")).toBe(2n ** 63n - 1n);
  expect(readInteger("i", "+5")).toBe(5n);
  for (const text of ["9223372036854775808", "1e3", "0x10", "1.0", " 1", "--1", "9".repeat(50)]) {
    expect(() => readInteger("i", text)).toThrow("'i'");
  }
  expect(readLimit("l", "0", 100)).toBe(100);
  expect(() => readLimit("l", "-1", 100)).toThrow("negative");
  expect(() => readLimit("l", "2147483648", 100)).toThrow("out of range");
});

test("tags as JSON are an object of strings", () => {
  expect(readStringMap("t", '{"a":"b","__proto__":"c"}')).toEqual([
    ["a", "b"],
    ["__proto__", "c"],
  ]);
  expect(readStringMap("t", "null")).toEqual([]);
  for (const text of ["{", "[]", '"a"', "1", '{"a":1}', '{"a":null}', '{"a":{}}']) {
    expect(() => readStringMap("t", text)).toThrow("JSON object");
  }
});

test("times of RFC 3339 are read to the nanosecond", () => {
  expect(parseRfc3339("2023-11-14T22:13:20Z")).toBe(1_700_000_000_000_000_000n);
  expect(parseRfc3339("2023-11-14T22:13:20.123456789Z")).toBe(1_700_000_000_123_456_789n);
  expect(parseRfc3339("2023-11-14T22:13:20.5+01:30")).toBe(1_699_994_600_500_000_000n);
  expect(parseRfc3339("1969-12-31T23:59:59.9Z")).toBe(-100_000_000n);
  expect(parseRfc3339("0001-01-01T00:00:00Z")).toBe(-62_135_596_800_000_000_000n);
});

test.each([
  "2023-02-30T00:00:00Z",
  "2023-11-14",
  "2023-11-14T22:13:20",
  "2023-11-14T24:00:00Z",
  "2023-13-14T22:13:20Z",
  "2023-11-14 22:13:20Z",
  "1700000000",
  "2023-11-14T22:13:20.Z",
])("%s is no time of RFC 3339", (text) => expect(parseRfc3339(text)).toBeUndefined());

test("trace ids are hexadecimal of 1 to 32 digits, or base64 of 8 or 16 bytes", () => {
  const id = "0af7651916cd43dd8448eb211c80319c";
  expect(parseTraceId("0AF7651916CD43DD8448EB211C80319C")).toBe(id);
  expect(parseTraceId("af7651916cd43dd8448eb211c80319c")).toBe(id);
  expect(parseTraceId("1")).toBe("1".padStart(32, "0"));
  const bytes = Buffer.from(id, "hex");
  expect(parseTraceId(bytes.toString("base64"))).toBe(id);
  expect(parseTraceId(bytes.toString("base64url"))).toBe(id);
  expect(parseTraceId(Buffer.from("fbff01020304ff06", "hex").toString("base64"))).toBe(
    "0000000000000000fbff01020304ff06",
  );
  for (const text of ["", "0".repeat(33), "xyz", "g".repeat(11) + "!", "===="]) {
    expect([text, parseTraceId(text)]).toEqual([text, undefined]);
  }
});

test("a query string is decoded strictly, and empty values count as none", () => {
  const query = QueryParameters.of("/x?a=1&a=2&b=&c&d+e=%2B+%C3%A4&&f=g=h");
  expect(query.all("a")).toEqual(["1", "2"]);
  expect(query.first("b", "a")).toBe("1");
  expect(query.first("c")).toBeUndefined();
  expect(query.first("d e")).toBe("+ \u00e4");
  expect(query.first("f")).toBe("g=h");
  for (const text of ["%", "%zz", "%ff", "%c3%28"]) {
    expect(() => QueryParameters.of(`/x?a=${text}`)).toThrow("percent-encoded");
  }
});
