import { ThroughlineError } from "@throughline/api";
import { Redis } from "ioredis";
import { parseRedisAddress } from "./address.ts";
import { connect, disconnect, type RedisClient } from "./clients.ts";
import { base } from "./tenant-queues.ts";

/** Where one server answers. */
export interface RedisServer {
  host: string;
  port: number;
  tls: boolean;
  username: string | undefined;
  password: string | undefined;
}

const keysAtOnce = 200;
const answerWithinMs = 10_000;
/** Of all nodes; the queue lies in one slot. */
const slotKey = `${base}queue`;

/** The server that holds the queue just now: the master that Sentinel names, or the cluster's node with its slot. Throws TL_QUEUE_UNAVAILABLE. */
export async function queueServerOf(url: string): Promise<RedisServer> {
  const address = parseRedisAddress(url);
  const { tls, username, password } = address;
  return withClient(url, async (client) => {
    const { host = "", port = 0 } = client instanceof Redis ? remoteOf(client) : await ownerOf(client);
    return { host, port, tls, username, password };
  });
}

/** Whether anything of the queue is there. Throws TL_QUEUE_UNAVAILABLE. */
export function hasQueue(url: string): Promise<boolean> {
  return withClient(url, async (client) => {
    for await (const keys of keysOf(await nodeOf(client))) if (keys.length > 0) return true;
    return false;
  });
}

/** Copies every key of the queue from a server (of a snapshot) behind a Unix socket to where the queue is to be; how many. Throws TL_QUEUE_UNAVAILABLE. */
export function copyQueue(socket: string, url: string): Promise<number> {
  const source = new Redis(socket);
  // It starts just now, and is connected to again until it is there.
  source.on("error", () => undefined);
  return withClient(url, async (client) => {
    let copied = 0;
    try {
      for await (const keys of keysOf(source)) {
        for (const key of keys) {
          const [content, ttl] = await Promise.all([source.dumpBuffer(key), source.pttl(key)]);
          await client.restore(key, Math.max(0, ttl), content, "REPLACE");
        }
        copied += keys.length;
      }
    } finally {
      source.disconnect();
    }
    return copied;
  });
}

async function* keysOf(node: Redis): AsyncGenerator<string[]> {
  let cursor = "0";
  do {
    const [next, keys] = await node.scan(cursor, "MATCH", `${base}*`, "COUNT", keysAtOnce);
    yield keys;
    cursor = next;
  } while (cursor !== "0");
}

async function nodeOf(client: RedisClient): Promise<Redis> {
  if (client instanceof Redis) return client;
  const { host, port } = await ownerOf(client);
  const node = client.nodes("master").find(({ options }) => options.host === host && options.port === port);
  if (node === undefined) throw new Error(`The cluster's node ${host}:${port} cannot be reached.`);
  return node;
}

function remoteOf({ stream }: Redis): { host: string | undefined; port: number | undefined } {
  const socket = stream as { remoteAddress?: string; remotePort?: number };
  return { host: socket.remoteAddress, port: socket.remotePort };
}

async function ownerOf(client: Exclude<RedisClient, Redis>): Promise<{ host: string; port: number }> {
  const slot = await client.cluster("KEYSLOT", slotKey);
  const ranges = await client.cluster("SLOTS");
  const [, , master] = ranges.find(([first, last]) => first <= slot && slot <= last) ?? [];
  if (master === undefined) throw new Error(`No node of the cluster has the slot ${slot}.`);
  const [host, port] = master;
  return { host, port };
}

async function withClient<T>(url: string, work: (client: RedisClient) => Promise<T>): Promise<T> {
  const address = parseRedisAddress(url);
  const client = connect(address, "worker");
  client.on("error", () => undefined);
  try {
    await answered(client);
    return await work(client);
  } catch (cause) {
    if (cause instanceof ThroughlineError) throw cause;
    throw new ThroughlineError("TL_QUEUE_UNAVAILABLE", `${address.shown}: ${String(cause)}`, { cause });
  } finally {
    await disconnect(client);
  }
}

/** A client waits for a server that is away: whoever runs a command does not. */
async function answered(client: RedisClient): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error("no answer within 10 seconds")), answerWithinMs);
  });
  try {
    await Promise.race([client.ping(), late]);
  } finally {
    clearTimeout(timer);
  }
}
