import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import {
  galleryGroup,
  galleryGroups,
  galleryPicture,
  openGallery,
  pictureFile,
} from "../scripts/gallery-picture.ts";
import { expectAccessible, openPage, pictureDifference, useBrowser } from "./browser.ts";
import { startWithDesk } from "./harness.ts";

useBrowser();

const firstLoadBytes = 250_000;

test("the first load is at most 250 kB compressed, and other pages come when they are opened", async () => {
  const { up } = await startWithDesk();
  const { page, responses, complaints } = await openPage(up.address("console"));
  await page.goto("/");
  await page.getByRole("heading", { name: "Tickets", exact: true }).waitFor();
  await page.waitForLoadState("networkidle");
  const files = responses.filter((one) => !new URL(one.url()).pathname.startsWith("/api/"));
  const sizes = await Promise.all(files.map(async (one) => (await one.request().sizes()).responseBodySize));
  const total = sizes.reduce((sum, bytes) => sum + bytes, 0);
  expect(files.length).toBeGreaterThan(3);
  expect(total).toBeGreaterThan(50_000);
  expect(total).toBeLessThanOrEqual(firstLoadBytes);
  expect(
    files.filter((one) => one.url().endsWith(".js")).map((one) => one.headers()["content-encoding"]),
  ).not.toContain(undefined);

  const before = responses.length;
  await page.getByRole("navigation").getByRole("link", { name: "Search" }).click();
  await page.getByRole("form", { name: "Conditions" }).waitFor();
  expect(responses.slice(before).some((one) => one.url().includes("/assets/search"))).toBe(true);
  expect(complaints).toEqual([]);
});

test("the policy of the page allows nothing inline", async () => {
  const { up } = await startWithDesk();
  const policy = (await fetch(up.address("console"))).headers.get("content-security-policy");
  expect(policy).toContain("default-src 'self'");
  expect(policy).toContain("frame-ancestors 'none'");
  expect(policy).not.toContain("unsafe");
});

test("keys lead to every page, open the commands and tell of themselves", async () => {
  const { up } = await startWithDesk();
  const { page, complaints } = await openPage(up.address("console"));
  await page.goto("/");
  await page.getByRole("heading", { name: "Tickets", exact: true }).waitFor();
  await page.keyboard.press("g");
  await page.keyboard.press("s");
  await page.getByRole("form", { name: "Conditions" }).waitFor();

  await page.keyboard.press("?");
  const keys = page.getByRole("dialog", { name: "Keyboard" });
  await keys.getByText("Find a ticket or a trace").waitFor();
  await expectAccessible(page);
  await page.keyboard.press("Escape");
  await keys.waitFor({ state: "hidden" });

  await page.keyboard.press("Control+k");
  await page.getByRole("combobox", { name: "Command, ticket or trace id" }).waitFor();
  await page.keyboard.type("tick");
  await page.getByRole("option", { name: /Go to Tickets/ }).waitFor();
  await expectAccessible(page);
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "Tickets", exact: true }).waitFor();

  await page.keyboard.press("/");
  await page.keyboard.type("NO-SUCH-TICKET");
  await page.keyboard.press("Enter");
  await page.getByText("Nothing is stored for NO-SUCH-TICKET").first().waitFor();
  expect(complaints).toEqual([]);
});

test("theme and time zone are chosen once and kept", async () => {
  const { up } = await startWithDesk();
  const { page, complaints } = await openPage(up.address("console"), {
    colorScheme: "light",
    timezoneId: "Asia/Tokyo",
  });
  const ground = () => page.evaluate<string>("getComputedStyle(document.body).backgroundColor");
  await page.goto("/gallery");
  await page.getByText("Not refreshed since 21:00:00").waitFor();
  const light = await ground();

  await page.getByRole("button", { name: "Settings" }).click();
  const settings = page.getByRole("dialog", { name: "Settings" });
  await settings.getByRole("radio", { name: "Dark" }).check();
  await settings.getByRole("radio", { name: "UTC" }).check();
  expect(await ground()).not.toBe(light);
  await page.getByText("Not refreshed since 12:00:00").waitFor();
  await settings.getByRole("combobox", { name: "Zone" }).selectOption("America/New_York");
  await page.getByText("Not refreshed since 07:00:00").waitFor();
  await expectAccessible(page);

  await page.reload();
  await page.getByText("Not refreshed since 07:00:00").waitFor();
  expect(await ground()).not.toBe(light);
  expect(complaints).toEqual([]);
});

test("every part in every state looks as it did: pictures differ by letters' edges at most", async () => {
  const { up } = await startWithDesk();
  const taken = new Map<string, Buffer>();
  for (const colorScheme of ["light", "dark"] as const) {
    const { page, complaints } = await openPage(up.address("console"), { ...galleryPicture, colorScheme });
    await openGallery(page, up.address("console"));
    for (const group of galleryGroups) {
      const now = await galleryGroup(page, group);
      taken.set(`${group} ${colorScheme}`, now);
      // Where this fails and the new look is meant: npm run screenshots.
      const before = await readFile(new URL(`pictures/${pictureFile(group, colorScheme)}`, import.meta.url));
      const difference = await pictureDifference(page, now, before);
      expect(difference, `${group}, ${colorScheme}`).toBeLessThan(0.02);
    }
    expect(complaints).toEqual([]);
  }
  const { page } = await openPage(up.address("console"));
  const of = (name: string) => taken.get(name) ?? Buffer.alloc(0);
  for (const group of galleryGroups)
    expect(await pictureDifference(page, of(`${group} light`), of(`${group} dark`)), group).toBeGreaterThan(
      0.5,
    );
});

test("every part in every state is accessible in both themes, and asks before it changes anything", async () => {
  const { up } = await startWithDesk();
  for (const colorScheme of ["light", "dark"] as const) {
    const { page, complaints } = await openPage(up.address("console"), { colorScheme });
    await page.goto("/gallery");
    await page.getByRole("heading", { name: "Gallery" }).waitFor();
    await expectAccessible(page);

    await page.getByRole("button", { name: "Ask" }).focus();
    await page.keyboard.press("Enter");
    await page.getByRole("alertdialog").waitFor();
    await expectAccessible(page);
    await page.keyboard.press("Escape");
    await page.getByText("TICKET-456 was not erased").first().waitFor();
    await page.getByRole("button", { name: "Ask no" }).click();
    await page.getByRole("alertdialog").getByRole("button", { name: "Erase" }).click();
    await page.getByText("TICKET-456 is erased").first().waitFor();
    await expectAccessible(page);
    expect(complaints).toEqual([]);
  }
});
