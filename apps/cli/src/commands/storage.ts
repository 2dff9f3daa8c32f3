import {
  cleanReport,
  eraseReport,
  type EraseRequest,
  eraseRequest,
  pinRequest,
  storageCheck,
  storageStatus,
  type StorageStatus,
  ThroughlineError,
} from "@throughline/api";
import type { NewAuditEntry } from "@throughline/enhancer";
import type { TraceStorage } from "@throughline/traces";
import type { Command } from "commander";
import { existsSync } from "node:fs";
import { type Flags, invalidSetting } from "../config.ts";
import { parseDuration } from "../runtime/address.ts";
import { addressOfRunning, type RunFile, runningInstances } from "../runtime/data-directory.ts";
import { createLogger } from "../runtime/logger.ts";
import { refusedBy } from "../runtime/refused-by.ts";
import type { CommandContext } from "./context.ts";
import { addSettings, dataDirectoryOf, printJson, printTable, textOf } from "./options.ts";
import { recordAction } from "./store.ts";

/** `storage`: asks the backend that runs on the directory, else works on the directory itself. */
export function addStorageCommands(program: Command, context: CommandContext): void {
  const storage = program.command("storage").description("the spans that are stored");
  const add = <T extends object>(
    name: string,
    description: string,
    work: (storage: TraceStorage, flags: Flags, argument: string) => Promise<T>,
    print: (result: T) => void,
    extend: (command: Command) => Command = (command) => command,
    /** Of what changes something: for the audit log. */
    told?: (result: T, flags: Flags) => Omit<NewAuditEntry, "actor">,
  ): void => {
    const command = extend(storage.command(name).description(description)).option("--json", "print JSON");
    addSettings(command, told === undefined ? ["data"] : ["data", "postgres"]).action(
      async (...given: unknown[]) => {
        const [argument, flags] =
          typeof given[0] === "string" ? [given[0], given[1] as Flags] : ["", given[0] as Flags];
        const result = await withStorage(flags, context, (opened) => work(opened, flags, argument));
        if (told !== undefined) await recordAction(flags, context, told(result, flags), { orDemo: true });
        if (flags["json"] === true) printJson(result);
        else print(result);
      },
    );
  };

  add("status", "spans, traces and bytes by day and service", (opened) => opened.status(), printStatus);
  add(
    "clean",
    "delete what was received longer ago, in whole blocks; pinned traces stay",
    (opened, flags) => opened.clean(olderThan(flags)),
    ({ spans, blocksRemoved }) => say(`${spans} spans in ${blocksRemoved} blocks were deleted.`),
    (command) => command.requiredOption("--older-than <TIME>", "such as 30d or 72h"),
    ({ spans }, flags) => entryOf("traces.cleaned", null, { olderThan: textOf(flags, "olderThan"), spans }),
  );
  for (const name of ["pin", "unpin"] as const) {
    add(
      name,
      name === "pin" ? "keep a trace beyond retention" : "leave a trace to retention again",
      async (opened, _flags, id) => {
        const request = pinRequest.safeParse({ traceId: id.toLowerCase() });
        if (!request.success) throw invalidSetting("the trace id", id, "expected 32 hex digits");
        await opened[name](request.data.traceId);
        return { traceId: request.data.traceId, pinned: name === "pin" };
      },
      ({ traceId, pinned }) => say(`${traceId} is ${pinned ? "kept" : "left to retention"}.`),
      (command) => command.argument("<trace-id>"),
      ({ traceId }) => entryOf(`trace.${name}ned`, null, { trace: traceId }),
    );
  }
  add(
    "erase",
    "delete all spans of a ticket, of a tenant, or of a tenant's ticket, for good",
    (opened, flags) => opened.erase(whatToErase(flags)),
    ({ traces, spans, blocksRewritten, blocksRemoved }) =>
      say(
        `${spans} spans of ${traces} traces were erased; ${blocksRewritten} blocks were rewritten, ${blocksRemoved} deleted.`,
      ),
    (command) => command.option("--ticket <ID>", "of this ticket").option("--tenant <ID>", "of this tenant"),
    ({ traces }, flags) => {
      const { ticket, tenant } = whatToErase(flags);
      return entryOf("traces.erased", tenant ?? null, { ticket, tenant, traces });
    },
  );
  add(
    "check",
    "read every block and verify every checksum; exit code 1 if one is damaged",
    (opened) => opened.check(),
    ({ blocks, damaged }) => {
      say(`${blocks} blocks were read, ${damaged.length} are damaged.`);
      for (const { file, reason } of damaged) say(`${file}: ${reason}`);
      if (damaged.length > 0) process.exitCode = 1;
    },
  );
}

function entryOf(
  action: string,
  tenantId: string | null,
  fields: Readonly<Record<string, string | number | undefined>>,
): Omit<NewAuditEntry, "actor"> {
  const named = Object.entries(fields).filter(([, value]) => value !== undefined);
  return { action, tenantId, changes: named.map(([field, value]) => ({ field, new: value })) };
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

function olderThan(flags: Flags): number {
  const text = textOf(flags, "olderThan") ?? "";
  const ms = parseDuration(text);
  if (ms === undefined) throw invalidSetting("--older-than", text, "expected a duration such as 72h or 30d");
  return ms;
}

function whatToErase(flags: Flags): EraseRequest {
  const request = eraseRequest.safeParse({
    ticket: textOf(flags, "ticket"),
    tenant: textOf(flags, "tenant"),
  });
  if (request.success) return request.data;
  throw new ThroughlineError("TL_USAGE", "`storage erase` needs --ticket or --tenant.");
}

/** Throws TL_USAGE where `--traces` is given and no backend keeps its spans in the directory. */
export function requireBackend(flags: Flags, context: CommandContext): void {
  const directory = dataDirectoryOf(flags, context);
  if (addressOfRunning(directory, "console") !== undefined || existsSync(`${directory}/traces`)) return;
  throw new ThroughlineError(
    "TL_USAGE",
    `No trace backend keeps its spans in ${directory}: leave --traces out.`,
  );
}

/** Asks the backend that runs on the directory, else works on the directory itself. */
export async function withStorage<T>(
  flags: Flags,
  context: CommandContext,
  work: (storage: TraceStorage) => Promise<T>,
): Promise<T> {
  const directory = dataDirectoryOf(flags, context, { orDemo: true });
  const running = runningInstances(directory).find(({ addresses }) => addresses["console"] !== undefined);
  if (running !== undefined) return work(storageOfRunning(running));
  const { openTraceStorage } = await import("@throughline/traces");
  const opened = await openTraceStorage(`${directory}/traces`, createLogger("storage", undefined));
  try {
    return await work(opened);
  } finally {
    await opened.close();
  }
}

/** The same, asked of a running backend at its admin address. */
function storageOfRunning({ addresses, token }: RunFile): TraceStorage {
  const ask = async (path: string, body?: unknown): Promise<unknown> => {
    const url = `${addresses["admin"] ?? ""}/api/storage${path}`;
    const response = await fetch(url, {
      method: body === undefined ? "GET" : "POST",
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    }).catch((cause: unknown) => {
      throw new ThroughlineError("TL_NOT_RUNNING", `${url} does not answer: ${String(cause)}`, { cause });
    });
    const answer: unknown = await response.json();
    if (!response.ok) throw refusedBy(url, response.status, answer);
    return answer;
  };
  return {
    status: async () => storageStatus.parse(await ask("")),
    clean: async (olderThanMs) => cleanReport.parse(await ask("/clean", { olderThanMs })),
    pin: async (traceId) => void (await ask("/pin", { traceId })),
    unpin: async (traceId) => void (await ask("/unpin", { traceId })),
    erase: async (what) => eraseReport.parse(await ask("/erase", what)),
    check: async () => storageCheck.parse(await ask("/check", {})),
  };
}

function printStatus(status: StorageStatus): void {
  printTable([
    ["spans", String(status.spans + status.head.spans)],
    ["traces", String(status.traces)],
    ["oldest", status.oldest ?? "-"],
    ["newest", status.newest ?? "-"],
    ["blocks", `${status.blocks}, ${sizeOf(status.bytes)}`],
    ["head", `${status.head.spans} spans`],
    ["log", sizeOf(status.log.bytes)],
    ["pinned", status.pinned.join(" ") || "-"],
    ["damaged", status.damaged.join(" ") || "-"],
    [
      "removed",
      status.removed === null ? "-" : `at ${status.removed.at}, spans until ${status.removed.until}`,
    ],
  ]);
  if (status.days.length === 0) return;
  say("");
  printTable([
    ["DAY", "SPANS", "SIZE"],
    ...status.days.map(({ day, spans, bytes }) => [day, String(spans), sizeOf(bytes)]),
  ]);
  say("");
  printTable([
    ["SERVICE", "SPANS", "SIZE"],
    ...status.services.map(({ service, spans, bytes }) => [service, String(spans), sizeOf(bytes)]),
  ]);
}

function sizeOf(bytes: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let value = bytes;
  let unit = 0;
  while (value >= 1_000 && unit < units.length - 1) {
    value /= 1_000;
    unit++;
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit]}`;
}
