import { ThroughlineError, ticketWebhook, webhookAccepted } from "@throughline/api";
import type { Command } from "commander";
import { type Flags, invalidSetting, missingSetting } from "../config.ts";
import { readArgument } from "../runtime/address.ts";
import { addressOfRunning } from "../runtime/data-directory.ts";
import { refusedBy } from "../runtime/refused-by.ts";
import { addSettings, dataDirectoryOf, printJson, printTable, storeSettings, textOf } from "./options.ts";
import type { CommandContext } from "./context.ts";
import { operatorOf } from "./operator.ts";
import { requireBackend, withStorage } from "./storage.ts";
import { withStore } from "./store.ts";

export function addTicketCommands(program: Command, context: CommandContext): void {
  const ticket = program.command("ticket").description("send tickets as a desk would, or forget one");
  const erase = ticket
    .command("erase")
    .description("forget a ticket: its jobs, records, feedback and its row in the history")
    .argument("<ticket>")
    .requiredOption("--tenant <ID>", "whose ticket it is")
    .option("--traces", "its traces too, in the trace backend of this data directory")
    .option("--json", "print JSON");
  addSettings(erase, storeSettings).action((ticketId: string, flags: Flags) =>
    eraseOne(ticketId, flags, context),
  );
  const send = ticket
    .command("send")
    .description("sign and post a webhook")
    .option("--tenant <ID>", "whose ticket it is; its secret signs the webhook")
    .option("--ticket <ID>", "of A-Z, 0-9 and -")
    .option("--text <TEXT>", "the description; - reads standard input, @FILE a file")
    .option("--priority <LEVEL>", "low, medium, high or critical", "medium")
    .option("--event <NAME>", "what happened to the ticket", "ticket.created")
    .option("--to <URL>", "where to post it; default: the instance that runs on --data")
    .option("--json", "print JSON");
  addSettings(send, storeSettings).action((flags: Flags) => sendTicket(flags, context));
}

async function eraseOne(ticketId: string, flags: Flags, context: CommandContext): Promise<void> {
  const tenantId = textOf(flags, "tenant") ?? "";
  const takesTraces = flags["traces"] === true;
  if (takesTraces) requireBackend(flags, context);
  await withStore(flags, context, async (store) => {
    // A misspelt tenant would look as if nothing was kept.
    await store.tenants.info(tenantId);
    const { operations, by } = await operatorOf(store);
    const erased: Record<string, number> = { ...(await operations.eraseTicket(tenantId, ticketId, by)) };
    if (takesTraces) {
      const { traces, spans } = await withStorage(flags, context, (storage) =>
        storage.erase({ tenant: tenantId, ticket: ticketId }),
      );
      Object.assign(erased, { traces, spans });
    }
    if (flags["json"] === true) return printJson({ erased: ticketId, tenant: tenantId, counts: erased });
    process.stdout.write(`Ticket ${ticketId} of ${tenantId} is forgotten, with\n`);
    printTable(Object.entries(erased).map(([kind, count]) => [`  ${kind}`, String(count)]));
    if (!takesTraces)
      process.stdout.write(
        `Its traces stay: throughline storage erase --tenant ${tenantId} --ticket ${ticketId} takes them.\n`,
      );
  });
}

async function sendTicket(flags: Flags, context: CommandContext): Promise<void> {
  const required = (name: string): string => {
    const text = textOf(flags, name);
    if (text === undefined) throw missingSetting(`--${name}`);
    return text;
  };
  const tenantId = required("tenant");
  const body = ticketWebhook.safeParse({
    event: flags["event"],
    ticket_id: required("ticket"),
    tenant_id: tenantId,
    description: await readArgument(required("text")),
    priority: flags["priority"],
    created_at: new Date().toISOString(),
  });
  if (!body.success) {
    const issue = body.error.issues[0];
    const flag = { ticket_id: "--ticket", tenant_id: "--tenant", description: "--text" }[
      String(issue?.path[0])
    ];
    throw invalidSetting(flag ?? `--${String(issue?.path[0])}`, undefined, issue?.message ?? "is wrong");
  }
  const target = webhookAddress(
    textOf(flags, "to") ?? addressOfRunning(dataDirectoryOf(flags, context, { orDemo: true }), "webhook"),
  );
  const { sign } = await import("@throughline/enhancer");
  await withStore(
    flags,
    context,
    async (store) => {
      const tenant = await store.tenants.get(tenantId);
      const accepted = await postWebhook(target, JSON.stringify(body.data), (raw) =>
        sign(tenant.secrets.webhook, raw),
      );
      if (flags["json"] === true) printJson(accepted);
      else {
        process.stdout.write(`${accepted.message}\njob   ${accepted.job_id}\ntrace ${accepted.trace_id}\n`);
        process.stdout.write(`see it: npx throughline trace ${body.data.ticket_id}\n`);
      }
    },
    { orDemo: true },
  );
}

function webhookAddress(to: string | undefined): string {
  if (to === undefined) {
    throw new ThroughlineError(
      "TL_NOT_RUNNING",
      "No receiver runs on this data directory; name one with --to URL.",
    );
  }
  if (!URL.canParse(to) || !/^https?:$/.test(new URL(to).protocol))
    throw invalidSetting("--to", to, "expected an http or https address");
  const url = new URL(to);
  if (url.pathname === "/") url.pathname = "/webhook/servicedesk";
  return url.href;
}

/** Posts a signed webhook as a desk would; throws with the problem's own words when it is refused. */
export async function postWebhook(url: string, raw: string, signature: (raw: string) => string) {
  const headers = { "content-type": "application/json", "x-servicedesk-signature": signature(raw) };
  const response = await fetch(url, {
    method: "POST",
    headers,
    body: raw,
    signal: AbortSignal.timeout(30_000),
  }).catch((cause: unknown) => {
    throw new ThroughlineError("TL_NOT_RUNNING", `${url} does not answer: ${String(cause)}`, { cause });
  });
  const answer: unknown = await response.json().catch(() => ({}));
  if (response.status === 202) return webhookAccepted.parse(answer);
  throw refusedBy(url, response.status, answer);
}
