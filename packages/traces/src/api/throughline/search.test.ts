import { traceSearchAnswer } from "@throughline/api";
import { expect, test } from "vitest";
import { exampleSpan, resourceOf, text } from "../../store/example-spans.ts";
import { get, serverOver } from "../stored-traces.ts";

const id = (digit: string): string => digit.repeat(32);
const spans = [
  exampleSpan({ traceId: id("a"), attributes: [text("ticket.id", "TICKET-1"), text("tenant.id", "acme")] }),
  exampleSpan({
    traceId: id("b"),
    name: "enhance_ticket",
    startUnixNano: 1_700_000_000_100_000_000n,
    endUnixNano: 1_700_000_009_000_000_000n,
    attributes: [text("ticket.id", "TICKET-1"), text("enhancement.status", "partial")],
    statusCode: 2,
  }),
  exampleSpan({
    traceId: id("c"),
    resource: resourceOf("desk"),
    statusCode: 1,
    attributes: [text("ticket.id", "BEEF")],
  }),
  exampleSpan({ traceId: "beef".padStart(32, "0"), attributes: [text("q", "a=b")] }),
];

async function found(query: string): Promise<string[]> {
  const { status, body } = await get(serverOver(spans), `/api/throughline/traces?${query}`);
  expect([status, body]).toEqual([200, body]);
  return traceSearchAnswer.parse(JSON.parse(body)).traces.map(({ traceId }) => traceId);
}

test("without parameters the newest traces are listed", async () => {
  const [newest, ...more] = await found("");
  expect(newest).toBe(id("b"));
  expect(more).toHaveLength(3);
  expect(await found("limit=1")).toEqual([id("b")]);
  expect(await found("q=&service=&tag=&limit=")).toHaveLength(4);
});

test("a ticket id finds its traces, newest first, in any case and within the filters", async () => {
  expect(await found("q=TICKET-1")).toEqual([id("b"), id("a")]);
  expect(await found("q=+ticket-1+")).toEqual([id("b"), id("a")]);
  expect(await found("q=TICKET-1&status=error")).toEqual([id("b")]);
  expect(await found("q=TICKET-2")).toEqual([]);
});

test("a trace id finds its trace whatever the filters say", async () => {
  expect(await found(`q=${id("A")}`)).toEqual([id("a")]);
  expect(await found(`q=${id("a")}&service=none`)).toEqual([id("a")]);
});

test("what is both is a trace's id, what finds no trace a ticket's", async () => {
  expect(await found("q=BEEF")).toEqual(["beef".padStart(32, "0")]);
  const ticket = exampleSpan({ traceId: id("c"), attributes: [text("ticket.id", "BEEF")] });
  const { body } = await get(serverOver([ticket]), "/api/throughline/traces?q=BEEF");
  expect(JSON.parse(body).traces).toMatchObject([{ traceId: id("c"), ticketId: "BEEF" }]);
});

test("every filter filters, all on one span", async () => {
  expect(await found("service=desk")).toEqual([id("c")]);
  expect(await found("operation=enhance_ticket")).toEqual([id("b")]);
  expect(await found("status=ok")).toEqual([id("c")]);
  expect(await found("tag=ticket.id%3DTICKET-1&tag=tenant.id%3Dacme")).toEqual([id("a")]);
  expect(await found("tag=q%3Da%3Db")).toEqual(["beef".padStart(32, "0")]);
  expect(await found("minDuration=1s")).toEqual([id("b")]);
  expect(await found("service=shop&maxDuration=1s")).toHaveLength(2);
  expect(await found("start=2023-11-14T22:13:20.05Z")).toEqual([id("b")]);
  expect(await found("service=shop&end=2023-11-14T22:13:20.05%2B00:00")).toHaveLength(2);
});

test.each([
  "limit=0",
  "limit=1501",
  "limit=-5",
  "limit=x",
  "status=bad",
  "tag=x",
  "tag=%3Dx",
  "minDuration=5",
  "minDuration=5s&maxDuration=1s",
  "start=yesterday",
  "start=2024-01-01T00:00:00Z&end=2023-01-01T00:00:00Z",
  "sevice=shop",
  "q=%ff",
])("a search with ?%s is refused with a problem", async (query) => {
  const { status, type, body } = await get(serverOver(spans), `/api/throughline/traces?${query}`);
  expect([status, type]).toEqual([400, "application/problem+json; charset=utf-8"]);
  expect(JSON.parse(body)).toMatchObject({ status: 400, code: "TL_PARAMETER_INVALID" });
});
