/** After `npm pack`: the source's package.json as it was. */
import { existsSync, renameSync } from "node:fs";

const source = new URL("../.package.source.json", import.meta.url);
if (existsSync(source)) renameSync(source, new URL("../package.json", import.meta.url));
