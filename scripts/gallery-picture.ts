/** How the pictures of the console's gallery are taken, by the script and by the test that compares. */
export const galleryPicture = {
  viewport: { width: 1280, height: 2600 },
  timezoneId: "UTC",
  reducedMotion: "reduce",
  deviceScaleFactor: 1,
} as const;
