import { readFileSync, writeFileSync } from "node:fs";
import { withGenerated } from "./settings/reference.ts";

/** Writes the tables of docs/settings.md anew; the prose between them stays. */
const file = new URL("../docs/settings.md", import.meta.url);
writeFileSync(file, withGenerated(readFileSync(file, "utf8")));
