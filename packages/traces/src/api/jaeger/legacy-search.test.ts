import { expect, test } from "vitest";
import { exampleSpan, resourceOf, text } from "../../store/example-spans.ts";
import { get, serverOver } from "../stored-traces.ts";

const second = 1_700_000_000_000_000_000n;
const id = (digit: string): string => digit.repeat(32);
const spans = [
  exampleSpan({ traceId: id("a"), attributes: [text("ticket.id", "TICKET-1")], kind: 0 }),
  exampleSpan({
    traceId: id("b"),
    name: "POST /",
    startUnixNano: second + 500_000_000n,
    endUnixNano: second + 2_000_000_000n,
    attributes: [text("ticket.id", "TICKET-1"), text("url.full", "http://x:80")],
    statusCode: 2,
  }),
  exampleSpan({ traceId: id("c"), resource: resourceOf("desk/a+b"), name: "write" }),
];

async function found(query: string): Promise<string[]> {
  const { status, body } = await get(serverOver(spans), `/api/traces?${query}`);
  expect([status, body]).toEqual([200, body]);
  const { data, total, limit, offset } = JSON.parse(body);
  expect([total, limit, offset]).toEqual([0, 0, 0]);
  return data.map(({ traceID }: { traceID: string }) => traceID);
}

test("services and operations are listed with their number", async () => {
  const server = serverOver(spans);
  expect((await get(server, "/api/services")).body).toBe(
    '{"data":["desk/a+b","shop"],"total":2,"limit":0,"offset":0,"errors":null}',
  );
  expect((await get(server, "/api/services/shop/operations")).body).toBe(
    '{"data":["GET /","POST /"],"total":2,"limit":0,"offset":0,"errors":null}',
  );
  expect((await get(server, "/api/services/none/operations")).body).toBe(
    '{"data":null,"total":0,"limit":0,"offset":0,"errors":null}',
  );
  expect((await get(server, "/api/operations?service=shop")).body).toBe(
    '{"data":[{"name":"GET /","spanKind":""},{"name":"POST /","spanKind":"server"}],"total":2,"limit":0,"offset":0,"errors":null}',
  );
  expect(JSON.parse((await get(server, "/api/operations?service=shop&spanKind=server")).body).total).toBe(1);
  expect((await get(serverOver([]), "/api/services")).body).toContain('"data":[],"total":0');
});

test("the service of a path is decoded twice, as Jaeger does", async () => {
  const path = encodeURIComponent(encodeURIComponent("desk/a+b"));
  const { body } = await get(serverOver(spans), `/api/services/${path}/operations`);
  expect(JSON.parse(body).data).toEqual(["write"]);
});

test("traces are found by every parameter, newest first", async () => {
  expect(await found("service=shop")).toEqual([id("b"), id("a")]);
  expect(await found("service=shop&limit=1")).toEqual([id("b")]);
  expect(await found("service=shop&limit=0")).toHaveLength(2);
  expect(await found("service=shop&operation=POST+%2F")).toEqual([id("b")]);
  expect(await found("service=shop&tag=error:true")).toEqual([id("b")]);
  expect(await found("service=shop&tag=ticket.id:TICKET-1&tag=url.full:http://x:80")).toEqual([id("b")]);
  expect(
    await found(`service=shop&tags=${encodeURIComponent('{"ticket.id":"TICKET-1","span.kind":"server"}')}`),
  ).toEqual([id("b")]);
  expect(await found(`service=shop&tag=error:false&tags=${encodeURIComponent('{"error":"true"}')}`)).toEqual([
    id("b"),
  ]);
  expect(await found("service=shop&minDuration=1s")).toEqual([id("b")]);
  expect(await found("service=shop&maxDuration=250ms&minDuration=0")).toEqual([id("a")]);
  expect(await found("service=none")).toEqual([]);
});

test("a window is in microseconds, both ends inclusive; the default one ends now", async () => {
  expect(await found("service=shop&start=1700000000000000&end=1700000000000000")).toEqual([id("a")]);
  expect(await found("service=shop&start=1700000000500000")).toEqual([id("b")]);
  const old = exampleSpan({ startUnixNano: second - 49n * 3_600_000_000_000n });
  const { body } = await get(serverOver([old]), "/api/traces?service=shop");
  expect(JSON.parse(body).data).toEqual([]);
});

test("a lookup by ids ignores the filters and names what is missing", async () => {
  const { status, body } = await get(
    serverOver(spans),
    `/api/traces?traceID=${id("a")}&traceID=FF&service=none`,
  );
  expect(status).toBe(200);
  expect(JSON.parse(body)).toMatchObject({
    data: [{ traceID: id("a") }],
    errors: [{ msg: "trace not found", traceID: "000000000000000000000000000000ff" }],
  });
});

test.each([
  "",
  "service=",
  "service=shop&limit=-1",
  "service=shop&limit=1.5",
  "service=shop&limit=99999999999",
  "service=shop&start=yesterday",
  "service=shop&start=99999999999999999999",
  "service=shop&start=5&end=4",
  "service=shop&minDuration=10",
  "service=shop&minDuration=2s&maxDuration=1s",
  "service=shop&maxDuration=-1s",
  "service=shop&tag=error",
  "service=shop&tags=error",
  "service=shop&tags=%7B%22a%22%3A1%7D",
  "service=shop&raw=2",
  "service=%zz",
  "service=%ff",
  "traceID=xyz",
  "traceID=1&start=x",
])("a search with ?%s is refused with 400", async (query) => {
  const { status, type, body } = await get(serverOver(spans), `/api/traces?${query}`);
  expect([status, type]).toEqual([400, "text/plain; charset=utf-8"]);
  expect(JSON.parse(body)).toEqual({
    data: null,
    total: 0,
    limit: 0,
    offset: 0,
    errors: [{ code: 400, msg: expect.any(String) }],
  });
});
