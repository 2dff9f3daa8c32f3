import { expect, test } from "vitest";
import { cutOff, expectAccessible, openPage, overflows, useBrowser } from "./browser.ts";
import { pageStates } from "./console-states.ts";
import {
  hostile,
  hostileTrace,
  olderShop,
  olderTrace,
  sendTrace,
  shop,
  shopTrace,
} from "./console-trace-spans.ts";
import { type Running, run, start, startWithDesk, temporaryDirectory, until } from "./harness.ts";

useBrowser();
const limit = { timeout: 400_000 };

/** A demo whose three tickets have ended, and traces of other services. */
async function startFull(): Promise<Running> {
  const demo = await start(["demo"], { data: await temporaryDirectory() });
  for (const [traceId, spans] of [
    [shopTrace, shop],
    [olderTrace, olderShop],
    [hostileTrace, hostile],
  ] as const)
    await sendTrace(demo.address("otlpHttp"), traceId, spans);
  await until("three tickets to end", async () => {
    const response = await fetch(`${demo.address("console")}/admin/api/tickets`);
    const { tickets } = (await response.json()) as { tickets: { status: string }[] };
    return tickets.length === 3 && tickets.every(({ status }) => /success|failed/.test(status));
  });
  return demo;
}

test.each([
  [1440, "light"],
  [1440, "dark"],
  [360, "dark"],
  [2560, "light"],
] as const)(
  "every page in every state is accessible and within its window: %i pixels wide, %s",
  limit,
  async (width, colorScheme) => {
    const demo = await startFull();
    const { page, complaints } = await openPage(demo.address("console"), {
      viewport: { width, height: 800 },
      colorScheme,
    });
    for (const { name, path, reach } of pageStates) {
      await page.goto(path);
      await reach(page).catch((error: unknown) => {
        throw new Error(`${name} was not reached`, { cause: error });
      });
      expect([name, await overflows(page), await cutOff(page)]).toEqual([name, false, []]);
      await expectAccessible(page, name);
    }
    expect(await page.evaluate("window.pwned")).toBeUndefined();
    // The browser itself logs answers that are no success: a wrong condition, a trace that is not stored.
    expect(complaints.filter((text) => !/status of 40[04]/.test(text))).toEqual([]);
  },
);

test.each(["light", "dark"] as const)(
  "the login, its refusal, the account and its sessions are accessible: %s",
  limit,
  async (colorScheme) => {
    const { up, data } = await startWithDesk({ args: ["--access", "token"] });
    const { page } = await openPage(up.address("console"), { colorScheme });
    await page.goto("/search");
    await page.getByText("throughline user add NAME --role admin").waitFor();
    await expectAccessible(page);
    const password = "correct horse battery staple";
    await run(["user", "add", "ada", "--role", "admin", "--data", data], { input: `${password}\n` });
    const name = page.getByRole("textbox", { name: "Name" });
    await until("the user to be known", async () => {
      await page.reload();
      return (await name.count()) === 1;
    });
    await expectAccessible(page);
    await name.fill("ada");
    await page.getByRole("textbox", { name: "Password" }).fill("wrong wrong wrong");
    await page.getByRole("button", { name: "Log in" }).click();
    await page.getByRole("alert").waitFor();
    await expectAccessible(page);
    await page.setViewportSize({ width: 360, height: 740 });
    expect(await cutOff(page)).toEqual([]);
    await page.getByRole("textbox", { name: "Password" }).fill(password);
    await page.getByRole("button", { name: "Log in" }).click();
    await page.getByRole("button", { name: "Account: ada" }).click();
    await page.getByText("this one").waitFor();
    await expectAccessible(page);
    expect(await cutOff(page)).toEqual([]);
    await page.getByRole("button", { name: "Log out" }).waitFor();
  },
);

test.each(["light", "dark"] as const)(
  "pages with nothing to show, and pages whose backend went, are accessible and say what to do: %s",
  limit,
  async (colorScheme) => {
    const backend = await start(["traces"], { data: await temporaryDirectory() });
    const { page } = await openPage(backend.address("console"), {
      colorScheme,
      viewport: { width: 1000, height: 740 },
    });
    const nothing = [
      ["Tickets", "No enhancer is connected"],
      ["Search", "OTEL_EXPORTER_OTLP_ENDPOINT"],
      ["Compare", "Nothing to compare yet"],
      ["Services", "No service was heard of"],
      ["Dependencies", "No calls between services"],
      ["System", "No enhancer is connected to this trace backend"],
    ] as const;
    await page.goto("/");
    const open = (name: string) =>
      page.getByRole("navigation").getByRole("link", { name, exact: true }).click();
    for (const [name, words] of nothing) {
      await open(name);
      await page.getByText(words).first().waitFor();
      await expectAccessible(page, name);
    }
    await page.goto(`/trace/${"a".repeat(32)}`);
    await page.getByText("No such trace is stored").waitFor();
    await backend.end();
    await open("Search");
    await page
      .getByText(/The trace backend does not answer/)
      .first()
      .waitFor();
    await expectAccessible(page, "search without a backend");
    await page.getByRole("searchbox", { name: "Find a ticket or a trace" }).fill("TICKET-1");
    await page.keyboard.press("Enter");
    await page.getByText("TICKET-1 could not be looked for").first().waitFor();
    await expectAccessible(page, "a search that failed");
  },
);
