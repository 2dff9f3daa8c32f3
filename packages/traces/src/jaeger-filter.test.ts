import { type ServiceError, status } from "@grpc/grpc-js";
import { expect, test } from "vitest";
import {
  ask,
  event,
  lasting,
  link,
  reader,
  spanOf,
  startStorage,
  tracesOf,
  value,
  window,
  withResource,
  write,
} from "./jaeger-storage-client.ts";
import { text } from "./store/example-spans.ts";

test("evaluates the structured filter by level, type and number, and refuses what it cannot evaluate", async () => {
  const { client } = await startStorage();
  const zone = (at: string) => [text("zone", at)];
  const corpus = {
    get: spanOf("f-cart", {
      name: "GET /cart",
      attributes: [...zone("us"), { key: "retry", value: value(9n) }],
      kind: 2,
    }),
    post: spanOf("f-cart", {
      name: "POST /cart",
      attributes: [{ key: "retry", value: value(11n) }, text("code", "500")],
      events: [{ ...event, name: "exception" }],
      ...lasting(2_000_000_000n),
    }),
    checkout: spanOf("f-checkout", {
      resource: withResource("f-checkout", zone("us")),
      ...lasting(40_000_000n),
    }),
    worker: spanOf("f-worker", {
      kind: 5,
      statusCode: 2,
      attributes: [text("retry", "09")],
      links: [{ ...link, attributes: zone("eu") }],
      scope: {
        name: "lib",
        version: "1",
        attributes: zone("us"),
        droppedAttributesCount: 0,
        schemaUrl: "",
      },
    }),
    search: spanOf("f-search", { events: [{ ...event, attributes: zone("eu") }], ...lasting(5_000_000n) }),
  };
  await write(client, Object.values(corpus));
  const attr = (key: string, level = "") => ({ attr: { key, level } });
  const field = (name: string, level = "span") => ({ field: { name, level } });
  const scalar = (text: string, type = "") => ({ scalar: { value: text, type } });
  const op = (name: string, ...args: object[]) => ({ op: name, args });
  const call = (name: string, ...args: object[]) => ({ call: op(name, ...args) });
  const finds: [object, (keyof typeof corpus)[]][] = [
    [op("eq", attr("zone", "span"), scalar("us")), ["get"]],
    [op("eq", attr("zone", "resource"), scalar("us")), ["checkout"]],
    [op("eq", attr("zone", "scope"), scalar("us")), ["worker"]],
    [op("eq", attr("zone", "event"), scalar("eu")), ["search"]],
    [op("eq", attr("zone", "link"), scalar("eu")), ["worker"]],
    [op("exists", attr("zone")), ["get", "checkout"]],
    [op("ne", attr("retry", "span"), scalar("9")), ["post", "worker"]],
    [op("eq", attr("retry", "span"), scalar("09", "string")), ["worker"]],
    [op("eq", attr("retry", "span"), scalar("9", "string")), []],
    [op("eq", attr("retry", "span"), scalar("11")), ["post"]],
    [op("gt", attr("retry", "span"), scalar("10")), ["post"]],
    [
      op("in", field("service", "resource"), { list: { values: ["f-checkout", "f-search"], type: "" } }),
      ["checkout", "search"],
    ],
    [op("not_in", attr("retry", "span"), { list: { values: ["9", "11"], type: "" } }), ["worker"]],
    [op("regex", field("name"), scalar("cart")), ["get", "post"]],
    [op("eq", field("kind"), scalar("consumer")), ["worker"]],
    [op("eq", field("status"), scalar("error")), ["worker"]],
    [op("eq", field("name", "event"), scalar("exception")), ["post"]],
    [
      op("some", { nested: { level: "event" } }, call("eq", field("name", "event"), scalar("exception"))),
      ["post"],
    ],
    [op("eq", field("duration"), scalar("40ms")), ["checkout"]],
    [op("gt", field("duration"), scalar("1s")), ["post"]],
    [
      op(
        "and",
        call("gte", field("duration"), scalar("5ms")),
        call("lte", field("duration"), scalar("40ms")),
      ),
      ["checkout", "search"],
    ],
    [
      op(
        "and",
        call("regex", field("service", "resource"), scalar("^f-")),
        call("not", call("exists", attr("retry"))),
      ),
      ["checkout", "search"],
    ],
  ];
  for (const [filter, names] of finds) {
    const found = tracesOf(
      await ask(client, `${reader}/FindTraces`, { query: { ...window, searchDepth: 100, filter } }),
    );
    expect([...found.keys()].toSorted(), JSON.stringify(filter)).toEqual(
      names.map((name) => corpus[name].traceId).toSorted(),
    );
  }
  const refused = [
    op("eq", field("spanID"), scalar("1")),
    op("like", attr("zone"), scalar("1")),
    op("gt", attr("retry"), scalar("many")),
    op("regex", attr("retry"), scalar("(")),
    op("eq", attr("zone", "process"), scalar("1")),
    op("and"),
    op("not", attr("zone")),
    op("in", attr("zone"), { list: { values: [] } }),
  ];
  for (const filter of refused) {
    const error = await ask(client, `${reader}/FindTraces`, { query: { ...window, filter } }).catch(
      (thrown: unknown) => thrown,
    );
    expect((error as ServiceError).code, JSON.stringify(filter)).toBe(status.INVALID_ARGUMENT);
  }
  const beside = { ...window, serviceName: "f-cart", filter: op("exists", attr("zone")) };
  const error = await ask(client, `${reader}/FindTraces`, { query: beside }).catch(
    (thrown: unknown) => thrown,
  );
  expect((error as ServiceError).code).toBe(status.INVALID_ARGUMENT);
});
