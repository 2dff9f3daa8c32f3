/** Takes the documents' pictures of the real console, and those that a test compares its gallery with, from a demo that it starts: node scripts/screenshots.ts [CHROMIUM] */
import { mkdirSync, writeFileSync } from "node:fs";
import { chromium, type Page } from "playwright-core";
import { newDirectory, start } from "../bench/processes.ts";
import { galleryGroup, galleryGroups, galleryPicture, openGallery, pictureFile } from "./gallery-picture.ts";

const images = new URL("../docs/images/", import.meta.url).pathname;
const pictures = new URL("../test/pictures/", import.meta.url).pathname;
const quiet = [
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

mkdirSync(images, { recursive: true });
mkdirSync(pictures, { recursive: true });
const directory = newDirectory();
const demo = await start(["demo"], directory.path);
const browser = await chromium.launch({
  executablePath: process.argv[2] ?? "/usr/bin/chromium",
  args: ["--no-sandbox", ...quiet],
});
try {
  const console = demo.ready["console"] ?? "";
  const light = await browser.newPage({ viewport: { width: 1280, height: 800 }, colorScheme: "light" });
  await light.goto(`${console}/?status=success`);
  await light.getByText("DEMO-900").waitFor();
  await light.goto(console);
  await light.getByText("3 tickets, live").waitFor();
  await light.screenshot({ path: `${images}tickets.png` });
  await light.getByRole("link", { name: "DEMO-403" }).click();
  await light.getByText("What was written").waitFor();
  await light.screenshot({ path: `${images}ticket.png` });
  await light.goto(`${console}/search`);
  await light.getByText("3 traces", { exact: true }).waitFor();
  await light.screenshot({ path: `${images}search.png` });
  await light.goto(`${console}/dependencies`);
  await light.getByRole("table", { name: "Calls" }).waitFor();
  await light.screenshot({ path: `${images}dependencies.png` });
  await light.goto(console);
  await light.getByRole("link", { name: "DEMO-900" }).click();
  await light.getByRole("link", { name: "Open its trace", exact: true }).click();
  await light.getByRole("row").filter({ hasText: "update_ticket" }).click();
  await light.getByText("desk.note.id").waitFor();
  await light.screenshot({ path: `${images}trace.png` });
  const dark = await browser.newPage({ viewport: { width: 1280, height: 800 }, colorScheme: "dark" });
  await dark.goto(console);
  await dark.getByRole("link", { name: "DEMO-403" }).click();
  await dark.getByRole("link", { name: "Open its trace", exact: true }).click();
  await dark.getByText("Bottleneck:").waitFor();
  await dark.screenshot({ path: `${images}failed-dark.png` });
  for (const colorScheme of ["light", "dark"] as const) {
    const gallery = await browser.newPage({ ...galleryPicture, colorScheme });
    await openGallery(gallery, console);
    const blank = await browser.newPage();
    for (const group of galleryGroups)
      writeFileSync(
        pictures + pictureFile(group, colorScheme),
        await smaller(blank, await galleryGroup(gallery, group)),
      );
  }
} finally {
  await browser.close();
  await demo.stop();
  directory.remove();
}

/** As WebP, a fifth of PNG's size: what it changes is less than the comparison sees. */
async function smaller(blank: Page, png: Buffer): Promise<Buffer> {
  const url = await blank.evaluate<string>(`(async () => {
    const image = new Image();
    image.src = "data:image/png;base64,${png.toString("base64")}";
    await image.decode();
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [image.width, image.height];
    canvas.getContext("2d").drawImage(image, 0, 0);
    return canvas.toDataURL("image/webp", 0.9);
  })()`);
  return Buffer.from(url.slice(url.indexOf(",") + 1), "base64");
}
