import { once } from "node:events";
import { connect } from "node:http2";
import { Client, credentials } from "@grpc/grpc-js";
import { expect, onTestFinished, test } from "vitest";
import { encodeBatch } from "../store/batch-encoding.ts";
import { exampleSpan } from "../store/example-spans.ts";
import { anybody } from "../access.ts";
import { pino } from "pino";
import { ByteBudget } from "./byte-budget.ts";
import { call, connectTo, frame } from "./grpc-call.ts";
import { GrpcServer } from "./grpc-server.ts";
import { startReceivers } from "./start-receivers.ts";

const path = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";
const request = encodeBatch([exampleSpan()]);

test("who never ends a message is cut off, and holds nothing after it", { timeout: 60_000 }, async () => {
  const budget = new ByteBudget(100_000);
  const server = new GrpcServer({
    methods: new Map([["/a.B/C", () => new Uint8Array()]]),
    streams: new Map(),
    admit: () => Promise.resolve(anybody),
    open: () => budget.share("one"),
    messageWithinMs: 200,
    logger: pino({ level: "silent" }),
  });
  const session = connectTo(`http://${await server.listen("127.0.0.1", 0)}`);
  onTestFinished(() => server.stop(0));
  const slow = session.request({ ":method": "POST", ":path": "/a.B/C", "content-type": "application/grpc" });
  slow.on("error", () => undefined);
  const answered = new Promise((resolve) =>
    slow.on("response", ({ "grpc-status": status }) => resolve(status)),
  );
  slow.write(frame(new Uint8Array(70_000)).subarray(0, 60_000));
  expect(await answered).toBe("4");
  await expect.poll(() => budget.share("one").grow(75_000), { timeout: 10_000 }).toBe(true);
});

test(
  "pings are answered, and headers of any size end at most their own connection",
  { timeout: 60_000 },
  async () => {
    const { grpcUrl } = await startReceivers();
    const session = connectTo(grpcUrl);
    await once(session, "connect");
    const pong = new Promise<string>((resolve) => {
      session.ping(Buffer.from("12345678"), (_error, _ms, payload) => resolve(payload.toString()));
    });
    expect(await pong).toBe("12345678");
    for (const headers of [300, 2_000]) {
      const greedy = connect(grpcUrl, { maxSendHeaderBlockLength: 10_000_000 });
      greedy.on("error", () => undefined);
      onTestFinished(() => greedy.destroy());
      const many = Object.fromEntries(Array.from({ length: headers }, (_, n) => [`x-${n}`, "v".repeat(100)]));
      const stream = greedy.request({
        ":method": "POST",
        ":path": path,
        "content-type": "application/grpc",
        ...many,
      });
      stream.resume();
      expect(await new Promise((resolve) => stream.once("error", resolve))).toMatchObject({
        code: "ERR_HTTP2_STREAM_ERROR",
      });
    }
    expect((await call(session, path, frame(request))).status).toBe("0");
  },
);

test(
  "more calls at once than a connection may have wait for their turn; each is answered",
  { timeout: 60_000 },
  async () => {
    const { grpcUrl } = await startReceivers();
    const session = connectTo(grpcUrl);
    const answers = await Promise.all(
      Array.from({ length: 1_500 }, (_, n) =>
        call(session, path, frame(encodeBatch([exampleSpan({ spanId: String(n + 1).padStart(16, "0") })]))),
      ),
    );
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set(["0"]));
  },
);

test(
  "the health of a service can be watched by a stock client: as it is, as it changes, and until the server stops",
  { timeout: 60_000 },
  async () => {
    const { grpcUrl, grpc, store } = await startReceivers();
    const client = new Client(grpcUrl.replace("http://", ""), credentials.createInsecure());
    onTestFinished(() => client.close());
    const bytes = (value: Buffer): Buffer => value;
    const watch = (service: string) => {
      const name = Buffer.from(service, "latin1");
      const message = service === "" ? Buffer.alloc(0) : Buffer.concat([Buffer.of(10, name.length), name]);
      const told: number[] = [];
      const stream = client.makeServerStreamRequest("/grpc.health.v1.Health/Watch", bytes, bytes, message);
      stream.on("data", (answer: Buffer) => told.push(answer[1] ?? -1));
      const ended = new Promise<number>((resolve) => {
        stream.on("error", () => undefined);
        stream.on("status", ({ code }) => resolve(code));
      });
      return { told, ended };
    };
    const all = watch("");
    const unknown = watch("a.Service");
    await expect.poll(() => [all.told, unknown.told], { timeout: 10_000 }).toEqual([[1], [3]]);
    store.heads.failure = "the disk is full";
    await expect.poll(() => all.told, { timeout: 10_000 }).toEqual([1, 2]);
    store.heads.failure = undefined;
    await expect.poll(() => all.told, { timeout: 10_000 }).toEqual([1, 2, 1]);
    await grpc.stop(2_000);
    expect(await all.ended).toBe(0);
    expect(all.told).toEqual([1, 2, 1, 2]);
    expect(unknown.told).toEqual([3]);
  },
);
