import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from "@opentelemetry/sdk-trace";
import { SpanStatusCode } from "@opentelemetry/api";
import { array, assert, asyncProperty, constantFrom, tuple } from "fast-check";
import { describe, expect, test } from "vitest";
import { bothDatabases, databases } from "./both-databases.ts";

const { open } = bothDatabases();
const rules = { permissions: [], versions: [], exclude: [] };

describe.each(databases)("documents on %s", (kind) => {
  test("are found by section, with their labels in the reason", async () => {
    const context = await open(kind);
    await context.document(
      "acme",
      "vpn.md",
      "Renew the certificate of the VPN in the portal. Then reconnect.",
      ["howto"],
    );
    await context.document("acme", "mail.md", "Mailboxes are archived after a year.");
    const { documents } = await context.gather("acme", "VPN certifcate expired");
    expect(documents.map(({ id }) => id)).toEqual(["vpn.md"]);
    expect(documents[0]?.excerpt).toContain("Renew the certificate");
    expect(documents[0]?.why).toMatch(/certifcate like certificate \(body\).*labels: howto/);
  });

  test("a permission is needed where a label asks for one, versions where some are in use, and labels shut out", async () => {
    const context = await open(kind);
    const text = "Renew the certificate of the VPN in the portal";
    await context.document("acme", "open.md", `${text} as everybody may.`);
    await context.document("acme", "staff.md", `${text} with the staff account of the second line.`, [
      "permission:staff",
    ]);
    await context.document("acme", "old.md", `${text} by hand on the gateway under settings, keys.`, [
      "version:1.0",
    ]);
    await context.document("acme", "new.md", `${text} with one click in the new wizard for keys.`, [
      "version:2.1",
    ]);
    await context.document("acme", "draft.md", `${text}, which nobody has reviewed so far at all.`, [
      "draft",
    ]);
    const found = async (
      changes: Partial<typeof rules> & { permissions?: string[] },
      asked = "VPN certificate portal",
    ) =>
      (await context.gather("acme", asked, { rules: { ...rules, ...changes } })).documents
        .map(({ id }) => id)
        .sort();
    for (let round = 0; round < 2; round++) {
      expect(await found({})).not.toContain("staff.md");
      expect(await found({ permissions: ["staff"], versions: ["9"], exclude: ["draft"] } as never)).toEqual([
        "open.md",
        "staff.md",
      ]);
      expect(await found({ versions: ["2.1"], exclude: ["draft"] } as never)).toEqual(["new.md", "open.md"]);
    }
    const { documents } = await context.gather("acme", "VPN certificate portal fails in version 2.1", {
      rules: { ...rules, exclude: ["draft"] },
    });
    expect(documents[0]?.id).toBe("new.md");
  });

  test("a folder full of what may not be seen hides nothing that may", async () => {
    const context = await open(kind);
    for (let at = 0; at < 60; at++)
      await context.document(
        "acme",
        `secret-${at}.md`,
        `VPN certificate portal secret number ${at} of the vault`,
        ["permission:vault"],
      );
    await context.document(
      "acme",
      "open.md",
      "VPN certificate, long text about many other things, portals, keys, phones and so on.",
    );
    const { documents } = await context.gather("acme", "VPN certificate portal secret");
    expect(documents.map(({ id }) => id)).toEqual(["open.md"]);
  });
});

describe.each(databases)("systems on %s", (kind) => {
  const ids = async (context: Awaited<ReturnType<typeof open>>, text: string) =>
    (await context.gather("acme", text)).systems.map(({ id }) => id);

  test("are found by address in any spelling, by network, by host with or without domain, and by asset tag", async () => {
    const context = await open(kind);
    await context.systems("acme", [
      { ip: "10.1.2.3", hostname: "srv-mail01.corp.example", assetTag: "AT-00123", role: "Mail" },
      { ip: "2001:db8::1", hostname: "gw6", role: "Gateway" },
      { cidr: "10.1.0.0/16", role: "Office network" },
      { cidr: "10.0.0.0/8", role: "Company" },
      { cidr: "2001:db8::/32", role: "Documentation" },
      { hostname: "mars", role: "Build machine" },
      { hostname: "db2", role: "Database" },
      { assetTag: "4711", role: "Projector" },
    ]);
    expect(await ids(context, "From 10.1.2.3 nothing")).toEqual(["10.1.2.3", "10.1.0.0/16", "10.0.0.0/8"]);
    expect(await ids(context, "mapped ::ffff:10.1.2.3 and [::ffff:a01:203]:25")).toEqual([
      "10.1.2.3",
      "10.1.0.0/16",
      "10.0.0.0/8",
    ]);
    for (const spelt of [
      "2001:db8::1",
      "2001:0DB8:0:0:0:0:0:1",
      "[2001:db8:0000::0001]:443",
      "2001:db8::1%eth0",
    ])
      expect(await ids(context, `ping ${spelt} fails`), spelt).toEqual(["2001:db8::1", "2001:db8::/32"]);
    expect(await ids(context, "10.1.0.0/16 is slow")).toEqual(["10.1.0.0/16", "10.0.0.0/8", "10.1.2.3"]);
    expect(await ids(context, "10.1.2.3/24 is its address")).toEqual(expect.arrayContaining(["10.1.2.3"]));
    expect(await ids(context, "10.200.0.9 only")).toEqual(["10.0.0.0/8"]);
    expect(await ids(context, "SRV-MAIL01 does not answer")).toEqual(["10.1.2.3"]);
    expect(await ids(context, "srv-mail01.corp.example. does not answer")).toEqual(["10.1.2.3"]);
    expect(await ids(context, "srv-mail01.other.example does not answer")).toEqual([]);
    expect(await ids(context, "db2.corp.example is down")).toEqual(["db2"]);
    expect(await ids(context, "server Mars is down")).toEqual(["mars"]);
    expect(await ids(context, "mars in the sky")).toEqual([]);
    expect(await ids(context, "Asset tag AT-00123, asset no. 4711")).toEqual(["10.1.2.3", "asset 4711"]);
    expect(await ids(context, "at 12:30:45 version 1.2.3.4.5 and 300.1.1.1")).toEqual([]);
    expect((await context.gather("acme", "nothing of that kind")).ipLookup).toBe("skipped");
    expect((await context.gather("acme", "10.1.2.3")).ipLookup).toBe("found");
    expect((await context.gather("acme", "192.0.2.1")).ipLookup).toBe("none");
  });
});

describe.each(databases)("what is found on %s", (kind) => {
  test("no search crosses tenants, whatever their texts share", async () => {
    const context = await open(kind);
    const word = constantFrom(
      "vpn",
      "certificate",
      "printer",
      "0x80070005",
      "srv-mail01",
      "プリンター",
      "größe",
      "outlook",
      "kerberos",
    );
    const text = array(word, { minLength: 2, maxLength: 8 }).map((words) => words.join(" "));
    const tenants = ["acme", "acme-eu", "other", "o"];
    await assert(
      asyncProperty(
        array(tuple(constantFrom(...tenants), text), { minLength: 4, maxLength: 12 }),
        text,
        async (rows, asked) => {
          await open(kind);
          for (const [at, [tenant, content]] of rows.entries()) {
            await context.tickets(tenant, [
              {
                ticket_id: `${tenant.toUpperCase()}-${at}`,
                subject: content,
                description: "",
                resolution: `of ${tenant}`,
              },
            ]);
            await context.document(tenant, `${tenant}/${at}.md`, content);
            await context.systems(tenant, [
              { ip: `10.0.0.${at}`, hostname: `srv-mail0${at % 3}`, role: `of ${tenant}` },
            ]);
          }
          for (const tenant of tenants) {
            const found = await context.gather(tenant, `${asked} srv-mail01 10.0.0.1 10.0.0.0/24`);
            expect(found.missing).toEqual([]);
            const own = new Set(rows.flatMap(([whose], at) => (whose === tenant ? [at] : [])));
            for (const { id } of found.tickets)
              expect(id.startsWith(`${tenant.toUpperCase()}-`) && own.has(Number(id.split("-").at(-1)))).toBe(
                true,
              );
            for (const { id } of found.documents) expect(id.startsWith(`${tenant}/`)).toBe(true);
            for (const { excerpt } of found.systems) expect(excerpt).toBe(`of ${tenant}`);
          }
        },
      ),
      { numRuns: 15 },
    );
  });

  test("is kept until the tenant's context changes, and sought once however many ask at once", async () => {
    const context = await open(kind);
    await context.tickets("acme", ["A-1: VPN certificate expired"]);
    const spans = new InMemorySpanExporter();
    const tracer = new TracerProvider({
      spanProcessors: [new SimpleSpanProcessor({ exporter: spans })],
    }).getTracer("test");
    const ask = () => context.gather("acme", "VPN certificate expired", { tracer });
    const hits = () => {
      const found = spans
        .getFinishedSpans()
        .filter(({ name }) => name === "context.ticket_history")
        .map(({ attributes }) => attributes["cache.hit"]);
      spans.reset();
      return found;
    };
    await Promise.all(Array.from({ length: 10 }, ask));
    expect(hits().filter((hit) => hit === false)).toHaveLength(1);
    expect((await ask()).tickets).toHaveLength(1);
    expect(hits()).toEqual([true]);
    await context.tickets("acme", ["A-2: VPN certificate unknown to the gateway of Berlin"]);
    expect((await ask()).tickets).toHaveLength(2);
    expect(hits()).toEqual([false]);
    await context.tickets("other", ["B-1: VPN certificate"]);
    await ask();
    expect(hits()).toEqual([true]);
  });

  test("what is late is left out and named, and the next search is well", async () => {
    const context = await open(kind);
    await context.tickets("acme", ["A-1: VPN certificate expired"]);
    const spans = new InMemorySpanExporter();
    const tracer = new TracerProvider({
      spanProcessors: [new SimpleSpanProcessor({ exporter: spans })],
    }).getTracer("test");
    const late = await context.gather("acme", "VPN certificate 10.0.0.1", { budgetMs: 0, tracer });
    expect(late.missing.map(({ reason }) => reason)).toEqual([
      "Timeout waiting for ticket history",
      "Timeout waiting for documentation",
      "Timeout waiting for ip lookup",
    ]);
    for (const name of [
      "context.ticket_history",
      "context.documentation",
      "context.ip_lookup",
      "context_gathering",
    ]) {
      const span = spans.getFinishedSpans().find((candidate) => candidate.name === name);
      expect(span?.status.code, name).toBe(SpanStatusCode.ERROR);
      expect(span?.attributes["error.type"], name).toBe("timeout");
    }
    expect(await context.ticketIds("acme", "VPN certificate 10.0.0.1")).toEqual(["A-1"]);
  });

  test("stays right while many search and others import", async () => {
    const context = await open(kind);
    await context.tickets("acme", ["A-1: VPN certificate expired"]);
    const imports = async () => {
      for (let at = 0; at < 20; at++)
        await context.tickets("acme", [`B-${at}: Printer number ${at} jams | Removed paper ${at} by hand.`]);
    };
    const searches = Array.from({ length: 60 }, async (_, at) => {
      expect(await context.ticketIds("acme", `VPN certificate expired ${at}`)).toEqual(["A-1"]);
    });
    await Promise.all([imports(), ...searches]);
    expect((await context.ticketIds("acme", "printer number jams")).length).toBeGreaterThan(0);
  });

  test("an import again changes nothing, a change is an update, and what is removed is nowhere any more", async () => {
    const context = await open(kind);
    const { store } = context;
    await store.tenants.add({
      id: "acme",
      settings: { desk: { kind: "servicedesk-plus", url: "http://127.0.0.1:9" } },
      secrets: { webhook: "a secret of the tests", deskKey: "k" },
    });
    await context.tickets("acme", ["A-1: VPN certificate expired"]);
    await context.tickets("acme", ["A-1: VPN certificate expired"]);
    await context.document("acme", "a.md", "VPN certificate");
    await context.document("acme", "a.md", "Printer toner");
    await context.systems("acme", [{ ip: "10.0.0.1", role: "one" }]);
    await context.systems("acme", [{ ip: "10.0.0.1", role: "two" }]);
    expect((await context.gather("acme", "Printer toner")).documents).toHaveLength(1);
    expect((await context.gather("acme", "VPN certificate")).documents).toEqual([]);
    expect((await context.gather("acme", "10.0.0.1")).systems.map(({ excerpt }) => excerpt)).toEqual(["two"]);
    await context.document("acme", "a.md", "");
    expect((await context.gather("acme", "Printer toner")).documents).toEqual([]);
    await store.tenants.remove("acme");
    for (const table of [
      "ticket_history",
      "documents",
      "inventory",
      "search_words",
      "context_state",
    ] as const)
      expect(await store.database.selectFrom(table).selectAll().execute(), table).toEqual([]);
    expect((await context.gather("acme", "VPN certificate")).tickets).toEqual([]);
  });
});
