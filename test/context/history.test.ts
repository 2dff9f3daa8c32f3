import { describe, expect, test } from "vitest";
import { bothDatabases, databases } from "./both-databases.ts";

const { open } = bothDatabases();

const other = [
  "O-1: Projector lamp broken | Replaced the lamp.",
  "O-2: Keyboard sticky | Cleaned the keys.",
  "O-3: Parking permit lost | Printed another one.",
  "O-4: Coffee machine empty | Filled it.",
];

describe.each(databases)("resolved tickets on %s", (kind) => {
  test("are found by their words, the best first, and say which words matched where", async () => {
    const context = await open(kind);
    await context.tickets("acme", [
      ...other,
      "A-1: VPN certificate expired on laptop | Renewed the certificate. Restarted the client.",
      "A-2: VPN gateway slow | Moved the gateway.",
    ]);
    const { tickets } = await context.gather("acme", "My VPN says certificate expired");
    expect(tickets.map(({ id }) => id)).toEqual(["A-1"]);
    expect(tickets[0]).toMatchObject({
      excerpt: "Renewed the certificate. Restarted the client.",
      why: expect.stringMatching(/words: .*certificate \(subject, resolution\)/),
    });
    const matches = tickets[0]?.matches ?? [];
    expect(matches.map(({ term }) => term).sort()).toEqual(["certificate", "expired", "vpn"]);
    for (const { score, fields } of matches) {
      expect(score).toBeGreaterThan(0);
      expect(fields).toContain("subject");
    }
  });

  test.each([
    ["certifcate expird", "A-1: VPN certificate expired"],
    ["the pritner in romo 7 jamms", "A-1: Printer jams in room seven"],
    ["pasword resset for acount", "A-1: Password reset for account"],
    ["Bildschrim flakcert", "A-1: Bildschirm flackert stark"],
    ["Outlok calender syncronisation", "A-1: Outlook calendar synchronisation stops"],
    ["kerbreos tikcet expired", "A-1: Kerberos ticket expired"],
  ])("misspelt words are understood: %j", async (asked, stored) => {
    const context = await open(kind);
    await context.tickets("acme", [...other, stored]);
    expect(await context.ticketIds("acme", asked)).toEqual(["A-1"]);
  });

  test.each([
    ["Windows says 0x80070005", "A-1: Update fails with 0x80070005"],
    ["code 80070005 again", "A-1: Update fails with 0x80070005"],
    ["0X80070005", "A-1: Update fails with 0x80070005"],
    ["ORA-12154: TNS", "A-1: Report job stops, ORA-12154"],
    ["ora12154", "A-1: Report job stops, ORA-12154"],
    ["ORA 12154", "A-1: Report job stops, ORA-12154"],
    ["After KB5034441 nothing starts", "A-1: WinRE too small for KB5034441"],
    ["kb 5034441", "A-1: WinRE too small for KB5034441"],
    ["host srv-mail01.corp.example is gone", "A-1: No answer from srv-mail01.corp.example"],
    ["srv-mail01 gone", "A-1: No answer from srv-mail01.corp.example"],
    ["libssl1.1 missing", "A-1: Package libssl1.1 cannot be installed"],
    ["NullPointerException at com.acme.Foo", "A-1: NullPointerException in com.acme.Foo.bar"],
    ["e-mail stuck", "A-1: email stuck in outbox"],
  ])("codes are found as people write them: %j", async (asked, stored) => {
    const context = await open(kind);
    await context.tickets("acme", [...other, stored]);
    expect(await context.ticketIds("acme", asked)).toEqual(["A-1"]);
  });

  test("a number that differs by a digit is another one", async () => {
    const context = await open(kind);
    await context.tickets("acme", [...other, "A-1: Update KB5034441 fails", "A-2: ORA-12154 in the report"]);
    expect(await context.ticketIds("acme", "KB5034442 broke it, and there is ORA-12155")).toEqual([]);
  });

  test.each([
    ["Der Drücker öffnet nicht mehr", "A-1: Drucker offnet das Papierfach nicht"],
    ["Größe der Straße", "A-1: GROSSE der STRASSE falsch"],
    ["Принтер не печатает документы", "A-1: Сетевой принтер не печатает"],
    ["プリンターが印刷できません", "A-1: プリンターで印刷できない"],
    ["打印机无法打印文件", "A-1: 三楼打印机无法打印"],
    ["프린터가 인쇄되지 않습니다", "A-1: 3층 프린터 인쇄되지 않음"],
    ["الطابعة لا تعمل اليوم", "A-1: الطابعة لا تعمل"],
    ["เครื่องพิมพ์ไม่ทำงาน", "A-1: เครื่องพิมพ์ชั้นสามไม่ทำงาน"],
    ["प्रिंटर काम नहीं कर रहा", "A-1: प्रिंटर काम नहीं करता"],
    ["Ο εκτυπωτής δεν λειτουργεί", "A-1: Εκτυπωτης δεν λειτουργει"],
    ["המדפסת לא עובדת", "A-1: המדפסת לא עובדת בקומה"],
  ])("any script is searched: %j", async (asked, stored) => {
    const context = await open(kind);
    await context.tickets("acme", [...other, stored, "A-9: 会議室 予約 システム"]);
    expect(await context.ticketIds("acme", asked)).toEqual(["A-1"]);
  });

  test.each([
    '"',
    "*",
    "NEAR(a b, 3)",
    "vpn OR",
    "AND NOT",
    "a:b",
    "^vpn",
    "{vpn} : x",
    "vpn\u0000x",
    "'; drop table tenants; --",
    "-vpn",
    "ﬀ 漢字 😀",
    "(",
    "a & b | !c <-> d:*",
    "%_\\",
    "\ud800 lone \udfff",
    "x".repeat(9_999),
    "terms:vpn rank MATCH 'vpn' $1 ?2 :x @y",
  ])("hostile text %j is only text", async (text) => {
    const context = await open(kind);
    await context.tickets("acme", [...other, "A-1: VPN certificate expired"]);
    expect(await context.ticketIds("acme", `${text} vpn certificate`)).toEqual(["A-1"]);
  });

  test("a description of ten thousand words and one of a megabyte are searched", async () => {
    const context = await open(kind);
    await context.tickets("acme", [
      ...other,
      "A-1: Zebra giraffe enclosure unlocked",
      "A-2: ORA-12154 in the report",
    ]);
    const filler = Array.from({ length: 10_000 }, (_, at) => `filler${at.toString(36)}`).join(" ");
    expect(await context.ticketIds("acme", `Zebra giraffe enclosure: ${filler}`)).toEqual(["A-1"]);
    expect(await context.ticketIds("acme", `${filler} ORA-12154`)).toEqual(["A-2"]);
    expect(await context.ticketIds("acme", "vpn ".repeat(262_144))).toEqual([]);
  });

  test("nearly the same tickets are one result that names the others; recent ones go before old ones", async () => {
    const context = await open(kind);
    const resolution =
      "Restarted the print spooler service on the server and cleared the queue of the driver.";
    await context.tickets("acme", [
      ...other,
      ...[1, 2, 3].map((at) => ({
        ticket_id: `P-${at}`,
        subject: "Print spooler crashes",
        description: `Reported by user ${at}`,
        resolution,
        resolved_date: Date.now() - at * 200 * 86_400_000,
      })),
      "P-9: Print spooler crashes after update | Removed the update and set the printer up from scratch with another port.",
    ]);
    const { tickets } = await context.gather("acme", "The print spooler crashes again");
    expect(tickets.map(({ id }) => id).sort()).toEqual(["P-1", "P-9"]);
    expect(tickets.find(({ id }) => id === "P-1")?.why).toContain("alike: P-2, P-3");
  });

  test("the ticket itself is left out, also where another ticket with the same text was sought before", async () => {
    const context = await open(kind);
    await context.tickets("acme", [
      ...other,
      "A-1: VPN certificate expired | Renewed.",
      "A-2: VPN certificate wrong | Imported another.",
    ]);
    const ids = async (ticketId: string) =>
      (await context.gather("acme", "VPN certificate", { ticketId })).tickets.map(({ id }) => id).sort();
    expect(await ids("NEW-1")).toEqual(["A-1", "A-2"]);
    expect(await ids("A-1")).toEqual(["A-2"]);
    expect(await ids("A-2")).toEqual(["A-1"]);
  });

  test("single common words and single words of long tickets are no reason to cite", async () => {
    const context = await open(kind);
    await context.tickets("acme", ["A-1: Laptop keyboard broken", "A-2: Projector lamp laptop", ...other]);
    expect(
      await context.ticketIds("acme", "laptop stolen from office during projector meeting yesterday evening"),
    ).toEqual(["A-2"]);
  });

  test("a tenant with nothing finds nothing", async () => {
    const context = await open(kind);
    await context.tickets("other", ["A-1: VPN certificate expired"]);
    expect(await context.gather("acme", "VPN certificate expired on 10.0.0.1")).toEqual({
      tickets: [],
      documents: [],
      systems: [],
      ipLookup: "none",
      missing: [],
    });
  });
});
