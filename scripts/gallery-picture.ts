import type { Page } from "playwright-core";

/** How the pictures of the console's gallery are taken, by the script and by the test that compares. */
export const galleryPicture = {
  viewport: { width: 1280, height: 2000 },
  timezoneId: "UTC",
  reducedMotion: "reduce",
  deviceScaleFactor: 1,
} as const;

/** Of which there is a picture each. */
export const galleryGroups = ["Everywhere", "Tickets", "Search", "Trace", "Compare", "Services"] as const;

/** Resolves when everything of the gallery is drawn. */
export async function openGallery(page: Page, console: string): Promise<void> {
  await page.goto(`${console}/gallery`);
  await page.getByRole("application", { name: /^Flame graph/ }).waitFor();
  await page.getByRole("complementary", { name: "Span" }).getByText("error.type").waitFor();
  await page.locator(".graph-node").first().waitFor();
  await page.locator(".u-over").nth(2).waitFor();
  await page
    .getByRole("region", { name: "Graph of services and their calls" })
    .getByRole("button")
    .first()
    .waitFor();
}

export function galleryGroup(page: Page, name: string): Promise<Buffer> {
  return page
    .locator(".gallery-group")
    .and(page.getByRole("region", { name, exact: true }))
    .screenshot();
}

export function pictureFile(group: string, colorScheme: string): string {
  return `gallery-${group.toLowerCase()}-${colorScheme}.webp`;
}
