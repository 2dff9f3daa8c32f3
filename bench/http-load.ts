import { createHmac } from "node:crypto";
import { connect, type Socket } from "node:net";

/** What a load of webhooks met; latencies in milliseconds. */
export interface Load {
  /** By HTTP status. */
  answers: Map<number, number>;
  accepted: number;
  refused: number;
  seconds: number;
  /** Of what was accepted. */
  p50: number;
  p99: number;
}

export interface LoadOptions {
  url: URL;
  secret: string;
  connections: number;
  seconds: number;
  body: (at: number) => string;
  /** Requests a second, offered by the clock whether or not answers come; undefined: each connection sends when it was answered. */
  perSecond?: number;
}

/**
 * Posts signed webhooks over kept connections, by hand on sockets: on the machine that is measured, the client must cost little. Of an
 * offered rate, what finds no free connection waits, and its waiting counts.
 */
export async function load({
  url,
  secret,
  connections,
  seconds,
  body,
  perSecond,
}: LoadOptions): Promise<Load> {
  const answers = new Map<number, number>();
  const latencies: number[] = [];
  const head = `POST ${url.pathname}${url.search} HTTP/1.1\r\nhost: ${url.host}\r\ncontent-type: application/json\r\n`;
  const port = Number(url.port || 80);
  const sockets = await Promise.all(Array.from({ length: connections }, () => opened(url.hostname, port)));
  const startedMs = performance.now();
  const endsMs = startedMs + seconds * 1_000;
  let next = 0;

  const request = (): string => {
    const text = body(next++);
    const signature = createHmac("sha256", secret).update(text).digest("hex");
    return `${head}content-length: ${Buffer.byteLength(text)}\r\nx-servicedesk-signature: sha256=${signature}\r\n\r\n${text}`;
  };

  const run = (socket: Socket): Promise<void> =>
    new Promise((resolve, reject) => {
      let sentMs = 0;
      let received = "";
      const send = () => {
        const nowMs = performance.now();
        if (nowMs >= endsMs) {
          socket.destroy();
          resolve();
          return;
        }
        const dueMs = perSecond === undefined ? nowMs : startedMs + (next / perSecond) * 1_000;
        if (dueMs > nowMs) {
          setTimeout(send, Math.min(dueMs - nowMs, endsMs - nowMs));
          return;
        }
        sentMs = dueMs;
        socket.write(request());
      };
      socket.on("data", (chunk: Buffer) => {
        received += chunk.toString("latin1");
        const end = wholeAnswer(received);
        if (end === undefined) return;
        const status = Number(received.slice(9, 12));
        const isClosed = /\r\nconnection: close/i.test(received.slice(0, end));
        received = received.slice(end);
        answers.set(status, (answers.get(status) ?? 0) + 1);
        if (status === 202) latencies.push(performance.now() - sentMs);
        if (isClosed) reject(new Error(`the server closed after ${status}`));
        else send();
      });
      socket.on("error", reject);
      send();
    });

  await Promise.all(sockets.map(run));
  const all = [...answers.values()].reduce((sum, count) => sum + count, 0);
  return {
    answers,
    accepted: latencies.length,
    refused: all - latencies.length,
    seconds: (performance.now() - startedMs) / 1_000,
    p50: quantile(latencies, 0.5),
    p99: quantile(latencies, 0.99),
  };
}

/** Connected and heard: a server takes new connections one by one, which is no part of what is measured. */
function opened(host: string, port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, noDelay: true });
    let received = "";
    const onData = (chunk: Buffer) => {
      received += chunk.toString("latin1");
      if (wholeAnswer(received) === undefined) return;
      socket.off("data", onData).off("error", reject);
      resolve(socket);
    };
    socket.on("data", onData).on("error", reject);
    socket.write(`GET /healthz HTTP/1.1\r\nhost: ${host}:${port}\r\n\r\n`);
  });
}

/** Where the first answer ends, once it is there whole. */
function wholeAnswer(text: string): number | undefined {
  const headEnd = text.indexOf("\r\n\r\n");
  if (headEnd < 0) return undefined;
  const length = /\r\ncontent-length: (\d+)/i.exec(text.slice(0, headEnd))?.[1];
  const end = headEnd + 4 + Number(length ?? 0);
  return text.length >= end ? end : undefined;
}

function quantile(values: readonly number[], share: number): number {
  const sorted = Float64Array.from(values).toSorted();
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}
