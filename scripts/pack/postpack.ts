/** After `npm pack`: the source's package.json as it was. */
import { existsSync, renameSync } from "node:fs";
import { sourceManifest } from "./packages.ts";

if (existsSync(sourceManifest)) renameSync(sourceManifest, "package.json");
