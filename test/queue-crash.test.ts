import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, onTestFinished, test } from "vitest";
import { randomNumbers, rounds, seed } from "../packages/traces/test/rounds.ts";
import {
  acceptTicket,
  addTenant,
  adminFetch,
  deskKey,
  isRightEnd,
  type Job,
  notesOf,
  start,
  temporaryDirectory,
  until,
} from "./harness.ts";
import { freePort, startPostgresIn, startRedisIn } from "./servers.ts";

/** What can be killed and is started again at once. */
interface Victim {
  kill(): Promise<void>;
  revive(): Promise<void>;
}

const ticketsPerRound = 5;

/** Everything between a webhook and its note, each part a process of its own. */
async function wholeSystem(queue: "sqlite" | "redis", withPostgres: boolean) {
  const data = await temporaryDirectory();
  const victims: Record<string, Victim> = {};
  const flags: string[] = [];
  if (queue === "redis") {
    const directory = join(data, "redis");
    mkdirSync(directory);
    const args = ["--appendonly", "yes", "--appendfsync", "always"];
    let redis = await startRedisIn(directory, { args });
    onTestFinished(() => redis.end());
    victims["redis"] = {
      kill: () => redis.end(),
      revive: async () => {
        redis = await startRedisIn(directory, { port: redis.port, args });
      },
    };
    flags.push("--redis", `redis://127.0.0.1:${redis.port}`);
  }
  if (withPostgres) {
    const directory = join(await temporaryDirectory(), "data");
    let postgres = await startPostgresIn(directory);
    victims["postgres"] = {
      kill: () => postgres.end(),
      revive: async () => {
        postgres = await startPostgresIn(directory, postgres.port);
      },
    };
    flags.push("--postgres", postgres.url);
  }
  const deskAt = `127.0.0.1:${await freePort()}`;
  const startDesk = () =>
    start(["simulate", "desk", "--key", deskKey, "--listen", deskAt, "--delay", "20ms"], {
      data: join(data, "desk"),
    });
  let desk = await startDesk();
  await addTenant(data, desk.address("desk"), flags);
  const startWorker = () => start(["worker", ...flags], { data });
  let worker = await startWorker();
  const receiver = await start(["receiver", ...flags], { data });
  victims["desk"] = {
    kill: async () => void (await desk.end("SIGKILL")),
    revive: async () => {
      desk = await startDesk();
    },
  };
  victims["worker"] = {
    kill: async () => void (await worker.end("SIGKILL")),
    revive: async () => {
      worker = await startWorker();
    },
  };
  return {
    victims,
    webhook: receiver.address("webhook"),
    admin: receiver.address("admin"),
    desk: `http://${deskAt}`,
  };
}

test.each([
  ["SQLite", "sqlite", false, 80],
  ["Redis", "redis", false, 80],
  ["SQLite, tenants in PostgreSQL", "sqlite", true, 40],
] as const)(
  "on %s: whatever is killed under load, each accepted ticket ends in exactly one note, or dead with a reason",
  { timeout: 3_600_000 },
  async (_name, queue, withPostgres, all) => {
    const system = await wholeSystem(queue, withPostgres);
    const random = randomNumbers(seed);
    const names = Object.keys(system.victims);
    const accepted = new Map<string, string>();
    const history: string[] = [];
    for (let round = 0; round < rounds(all); round++) {
      const name = names[random(names.length)] ?? "worker";
      const victim = system.victims[name] as Victim;
      const sending = (async () => {
        for (let at = 0; at < ticketsPerRound; at++) {
          const ticket = `CRASH-${round}-${at}`;
          // What is refused while a part is away was not accepted.
          const answer = await acceptTicket(system.webhook, ticket).catch(() => undefined);
          if (answer !== undefined) accepted.set(ticket, answer.job_id);
          await sleep(random(60));
        }
      })();
      const after = random(400);
      history.push(`${name} after ${after} ms`);
      await sleep(after);
      await victim.kill();
      await sleep(random(300));
      await victim.revive();
      await sending;
    }
    expect(accepted.size).toBeGreaterThan(0);
    const wrong: string[] = [];
    for (const [ticket, jobId] of accepted) {
      const job = await until(
        `ticket ${ticket}, job ${jobId} to end (seed ${seed}: ${history.join(", ")})`,
        async () => {
          const response = await adminFetch(system.admin, `/jobs/${jobId}`).catch(() => undefined);
          const found = response?.status === 200 ? ((await response.json()) as Job) : undefined;
          return found?.state === "done" || found?.state === "dead" ? found : undefined;
        },
        240_000,
      );
      const notes = await notesOf(system.desk, ticket);
      if (!isRightEnd(job, notes.length))
        wrong.push(`${ticket}: ${notes.length} notes, ${JSON.stringify(job)}`);
    }
    expect(wrong, `seed ${seed}; ${history.join(", ")}`).toEqual([]);
  },
);
