import { DatabaseSync } from "node:sqlite";
import { join } from "node:path";
import { Agent, request } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { randomNumbers, rounds, seed } from "../packages/traces/test/rounds.ts";
import { addTenants, hex, startReceiver, ticket } from "./door.ts";
import { temporaryDirectory } from "./harness.ts";

const perSecond = 500;

/** The job that a webhook was answered 202 with; undefined where the receiver was gone, or asked to come again. */
function send(url: URL, agent: Agent, body: string): Promise<string | undefined> {
  const headers = {
    "content-type": "application/json",
    "x-signature": hex("sha256", body),
    "content-length": body.length,
  };
  return new Promise((resolve, reject) => {
    const outgoing = request(url, { method: "POST", agent, headers }, (response) => {
      let text = "";
      response.on("data", (chunk: Buffer) => (text += chunk.toString()));
      response.on("error", () => resolve(undefined));
      response.on("end", () => {
        if (response.statusCode === 503) resolve(undefined);
        else if (response.statusCode !== 202) reject(new Error(`${response.statusCode}: ${text}`));
        else resolve((JSON.parse(text) as { job_id: string }).job_id);
      });
    });
    outgoing.on("error", () => resolve(undefined));
    outgoing.end(body);
  });
}

test(
  "kill -9 of the receiver under 500 webhooks a second: every 202 is a job, and no ticket is two",
  { timeout: 3_600_000 },
  async () => {
    const data = await temporaryDirectory();
    await addTenants(data, { acme: { settings: { webhook: { ratePerMinute: null } } } });
    const random = randomNumbers(seed);
    process.stdout.write(`seed ${seed}\n`);
    const accepted = new Map<string, string>();
    /** Sent, and never answered: a desk sends them again. */
    let unsure: string[] = [];
    let next = 0;
    for (let round = 0; round < rounds(100); round++) {
      const { receiver, url } = await startReceiver({ data });
      const target = new URL("/webhook/servicedesk", url);
      const agent = new Agent({ keepAlive: true, maxSockets: 64 });
      const again = unsure;
      unsure = [];
      const one = async (id: string) => {
        const job = await send(target, agent, ticket({ ticket_id: id }));
        if (job === undefined) unsure.push(id);
        else if ((accepted.get(id) ?? job) === job) accepted.set(id, job);
        else throw new Error(`${id} is job ${accepted.get(id)} and job ${job}`);
      };
      const repeated = [...again, ...[...accepted.keys()].slice(-20)];
      const sending: Promise<void>[] = repeated.map(one);
      const killAt = performance.now() + 200 + random(1_000);
      const began = performance.now();
      let sent = 0;
      while (performance.now() < killAt) {
        for (; sent < ((performance.now() - began) / 1_000) * perSecond; sent++)
          sending.push(one(`K-${next++}`));
        await sleep(2);
      }
      await receiver.end("SIGKILL");
      await Promise.all(sending);
      agent.destroy();
    }
    const database = new DatabaseSync(join(data, "throughline.db"), { readOnly: true });
    const stored = database.prepare("select id, ticket_id from jobs").all() as {
      id: string;
      ticket_id: string;
    }[];
    database.close();
    const ids = new Map(stored.map(({ id, ticket_id: name }) => [name, id]));
    expect(accepted.size).toBeGreaterThan(0);
    expect(stored).toHaveLength(ids.size);
    for (const [name, job] of accepted) expect(ids.get(name), name).toBe(job);
    const known = new Set([...accepted.keys(), ...unsure]);
    expect([...ids.keys()].filter((name) => !known.has(name))).toEqual([]);
    process.stdout.write(
      `${rounds(100)} kills, ${accepted.size} accepted, ${unsure.length} never answered\n`,
    );
  },
);
