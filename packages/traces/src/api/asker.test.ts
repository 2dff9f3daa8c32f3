import { once } from "node:events";
import { connect, type AddressInfo } from "node:net";
import { expect, test } from "vitest";
import { endlessReader, serverOver } from "./stored-traces.ts";

test("whatever was asked for ends when its client goes", async () => {
  let asked = (): void => undefined;
  let gone = (): void => undefined;
  const reader = endlessReader(
    () => asked(),
    () => gone(),
  );
  const server = serverOver([], { reader });
  await server.listen({ host: "127.0.0.1", port: 0 });
  const { port } = server.server.address() as AddressInfo;
  const times = "startTime=2023-11-14T22:00:00Z&endTime=2023-11-14T23:00:00Z";
  const ended: string[] = [];
  const paths = [
    "/api/services",
    "/api/services/shop/operations",
    "/api/operations?service=shop",
    "/api/dependencies?endTs=1700000000000",
    "/api/traces?service=shop",
    "/api/traces/1",
    "/api/metrics/calls?service=shop",
    "/api/v3/services",
    "/api/v3/operations?service=shop",
    `/api/v3/dependencies?${times}`,
    `/api/v3/traces?query.startTimeMin=2023-11-14T22:00:00Z&query.startTimeMax=2023-11-14T23:00:00Z`,
    "/api/v3/traces/1",
    "/api/throughline/traces",
    "/api/throughline/traces/1",
    "/api/throughline/export",
    "/api/throughline/attributes",
    "/api/throughline/attribute-values?key=a",
    "/api/throughline/red",
    "/api/throughline/service-calls",
  ];
  for (const path of paths) {
    const isAsked = Promise.withResolvers<void>();
    const isGone = Promise.withResolvers<void>();
    asked = isAsked.resolve;
    gone = isGone.resolve;
    const socket = connect(port, "127.0.0.1");
    await once(socket, "connect");
    socket.write(`GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
    await isAsked.promise;
    socket.destroy();
    await isGone.promise;
    ended.push(path);
  }
  expect(ended).toEqual(paths);
});
