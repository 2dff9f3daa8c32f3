import { describe, expect, test } from "vitest";
import type { DeskAsset, DeskLibrary, DeskSolution } from "../../packages/enhancer/src/desk/desk.ts";
import { claimDeskSync, endDeskSync, syncDesk } from "../../packages/enhancer/src/history/desk-sync.ts";
import {
  deskKey,
  acceptTicket,
  addTenant,
  jobEnded,
  notesOf,
  start,
  temporaryDirectory,
  until,
} from "../harness.ts";
import { bothDatabases, databases } from "./both-databases.ts";

const { open } = bothDatabases();
const signal = new AbortController().signal;

const solution = (id: string, title: string, html: string): DeskSolution => ({
  id,
  title,
  html,
  topic: "Network",
  keywords: ["vpn"],
  updatedAt: undefined,
  isPublic: false,
});
const asset = (id: string, name: string, addresses: string[]): DeskAsset => ({
  id,
  name,
  tag: `AT-${id}`,
  addresses,
  role: "Server",
  client: "IT",
  location: "Berlin",
});
const library = (solutions: DeskSolution[], assets: DeskAsset[], failsAfter = Infinity): DeskLibrary => ({
  async *solutions() {
    for (const [at, one] of solutions.entries()) {
      if (at >= failsAfter) throw new Error("the desk went away");
      yield [one];
    }
  },
  async *assets() {
    for (const one of assets) yield [one];
  },
});

describe.each(databases)("the desk's knowledge on %s", (kind) => {
  test("is found, written where it changed, gone where it is gone there, and kept where the desk fails", async () => {
    const context = await open(kind);
    const { database } = context.store;
    await context.systems("acme", [{ ip: "10.0.0.9", role: "imported" }]);
    await context.document("acme", "own.md", "Own words about the printer toner");
    const solutions = [
      solution(
        "1",
        "Renew a VPN certificate",
        "<p>Open the portal and renew the <b>certificate</b> of the VPN.</p>",
      ),
      solution("2", "Clean a printer", "<h2>Drum</h2><p>Wipe the drum of the printer.</p>"),
    ];
    const assets = [
      asset("7", "srv-mail01.corp.example", ["10.0.0.5", "2001:DB8::5"]),
      asset("8", "nine", ["10.0.0.9"]),
    ];
    expect(await syncDesk(database, "acme", library(solutions, assets), signal)).toEqual({
      solutions: { read: 2, changed: 2, removed: 0 },
      assets: { read: 2, changed: 2, removed: 0 },
    });
    const found = await context.gather("acme", "VPN certificate of srv-mail01 at 10.0.0.9");
    expect(found.documents.map(({ id, why }) => [id, why.includes("internal")])).toEqual([
      ["solutions/1", true],
    ]);
    expect(found.systems.map(({ id, excerpt }) => [id, excerpt])).toEqual([
      ["10.0.0.9", "imported"],
      ["10.0.0.5", "Server, IT, Berlin"],
      ["2001:db8::5", "Server, IT, Berlin"],
    ]);
    expect(await syncDesk(database, "acme", library(solutions, assets), signal)).toMatchObject({
      solutions: { changed: 0, removed: 0 },
      assets: { changed: 0, removed: 0 },
    });
    await expect(syncDesk(database, "acme", library(solutions, assets, 1), signal)).rejects.toThrow(
      "went away",
    );
    expect((await context.gather("acme", "Wipe the drum of the printer")).documents).toHaveLength(1);
    await syncDesk(database, "acme", library(solutions.slice(0, 1), []), signal);
    expect(
      (await context.gather("acme", "Wipe the drum of the printer")).documents.map(({ id }) => id),
    ).not.toContain("solutions/2#drum");
    expect((await context.gather("acme", "srv-mail01 and 10.0.0.9")).systems.map(({ id }) => id)).toEqual([
      "10.0.0.9",
    ]);
    expect((await context.gather("acme", "printer toner")).documents.map(({ id }) => id)).toEqual(["own.md"]);
  });

  test("is read by one of many processes, and again in time, sooner after a failure", async () => {
    const { store } = await open(kind);
    const claims = () => Promise.all([1, 2, 3, 4].map(() => claimDeskSync(store.database, "acme", 60_000)));
    expect((await claims()).filter(Boolean)).toHaveLength(1);
    expect((await claims()).filter(Boolean)).toHaveLength(0);
    await endDeskSync(store.database, "acme", "the desk went away", 60_000);
    expect((await claims()).filter(Boolean)).toHaveLength(1);
  });
});

test("a worker reads the solutions of its tenants' desks, and notes cite them", async () => {
  const data = await temporaryDirectory();
  const desk = await start(["simulate", "desk", "--key", deskKey], { data });
  const made = await fetch(`${desk.address("desk")}/api/v3/solutions`, {
    method: "POST",
    headers: { authtoken: deskKey, "content-type": "application/x-www-form-urlencoded" },
    body: new URLSearchParams({
      input_data: JSON.stringify({
        solution: {
          title: "Renew a VPN certificate",
          description: "<p>Open the portal and renew the certificate.</p>",
        },
      }),
    }),
  });
  expect(made.status).toBe(201);
  await addTenant(data, desk.address("desk"));
  const up = await start(["up"], { data });
  let at = 0;
  await until("a note that cites the solution", async () => {
    const id = `T-${++at}`;
    const { job_id: job } = await acceptTicket(
      up.address("webhook"),
      id,
      `VPN certificate expired, again ${at}`,
    );
    await jobEnded(up.address("admin"), job);
    return (await notesOf(desk.address("desk"), id)).some(({ description }) =>
      description.includes("solutions/"),
    );
  });
});
