import { ThroughlineError } from "@throughline/api";
import type { Tried } from "@throughline/enhancer";
import type { Command } from "commander";
import { readFile } from "node:fs/promises";
import { type Flags, invalidSetting } from "../config.ts";
import type { CommandContext } from "./context.ts";
import { addSettings, printJson, printTable, storeSettings, textOf } from "./options.ts";
import { withStore } from "./store.ts";

/** `tenant test-mapping FILE`: what a desk's body would say, before any webhook is sent. */
export function addTestMapping(tenant: Command, context: CommandContext): void {
  const command = tenant
    .command("test-mapping")
    .description("show what a webhook with this body would say, and whether the tenant would take it")
    .argument("<file>", "a body as the desk sends it")
    .option("--tenant <ID>", "read it as this tenant's")
    .option("--preset <NAME>", "read it by this preset")
    .option("--mapping <FILE>", "read it by this mapping, JSON")
    .option("--content-type <TYPE>", "as the desk states it (default application/json)")
    .option("--json", "print JSON");
  addSettings(command, storeSettings).action(async (file: string, flags: Flags) => {
    const given = (["tenant", "preset", "mapping"] as const).filter(
      (name) => textOf(flags, name) !== undefined,
    );
    if (given.length !== 1)
      throw new ThroughlineError(
        "TL_USAGE",
        "One of --tenant, --preset and --mapping says how the body is read.",
      );
    const body = await read(file);
    const contentType = textOf(flags, "contentType") ?? "application/json";
    const { tryMapping } = await import("@throughline/enhancer");
    const [preset, mapping, id] = [
      textOf(flags, "preset"),
      textOf(flags, "mapping"),
      textOf(flags, "tenant"),
    ];
    if (preset !== undefined) print(await tryMapping(body, contentType, { preset }), flags);
    else if (mapping !== undefined)
      print(await tryMapping(body, contentType, { mapping: await readMapping(mapping) }), flags);
    else if (id !== undefined)
      await withStore(flags, context, async (store) => {
        const { settings } = await store.tenants.get(id);
        print(await tryMapping(body, contentType, { settings }), flags);
      });
  });
}

async function read(file: string): Promise<Buffer> {
  return readFile(file).catch((cause: unknown) => {
    throw new ThroughlineError("TL_FILE_UNREADABLE", `${file} cannot be read: ${String(cause)}`, { cause });
  });
}

async function readMapping(file: string): Promise<unknown> {
  const text = (await read(file)).toString("utf8");
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw invalidSetting("--mapping", file, "expected a file of JSON");
  }
}

function print({ ticket, ignored }: Tried, flags: Flags): void {
  if (flags["json"] === true) {
    printJson({ ticket, ignored });
    return;
  }
  const { facts, actors, state: _, ...fields } = ticket;
  const rows = Object.entries({ ...fields, ...facts, priority: fields.priority }).map(([name, value]) => [
    name,
    oneLine(Array.isArray(value) ? value.join(", ") : value),
  ]);
  printTable([...rows, ["actors", actors.join(", ") || "-"]]);
  process.stdout.write(
    ignored === null ? "It would make a job.\n" : `It would make no job: ${ignored.detail}\n`,
  );
}

function oneLine(text: string): string {
  const line = text.replace(/\s+/g, " ");
  return line.length > 200 ? `${line.slice(0, 200)}...` : line;
}
