import { jobView, type JobView, type QueueStatus } from "@throughline/api";
import type { EnhancerStore } from "@throughline/enhancer";
import type { Command } from "commander";
import { type Flags, invalidSetting } from "../config.ts";
import { addSettings, printJson, printTable, storeSettings, textOf } from "./options.ts";
import type { CommandContext } from "./context.ts";
import { type Operator, operatorOf } from "./operator.ts";
import { withStore as openStore } from "./store.ts";

/** `jobs` and `queue` work on the queue itself: with or without a process that runs, and running ones obey at once. */
export function addJobCommands(program: Command, context: CommandContext): void {
  const jobs = program.command("jobs").description("the queue's jobs");
  const list = jobs
    .command("list")
    .description("newest first")
    .option("--state <STATE>", "waiting, active, done or dead")
    .option("--tenant <ID>", "of this tenant only")
    .option("--ticket <ID>", "of this ticket only")
    .option("--limit <N>", "at most so many", "50")
    .option("--json", "print JSON");
  addSettings(list, storeSettings).action((flags: Flags) =>
    withStore(flags, context, async ({ queue }) => {
      const found = await queue.list(listFilter(flags));
      if (flags["json"] === true) printJson({ jobs: found });
      else
        printTable([["JOB", "TICKET", "TENANT", "STATE", "STATUS", "ATTEMPTS", "REASON"], ...found.map(row)]);
    }),
  );
  one("show", "one job, whole", (store, id) => store.queue.show(id));
  one("retry", "send a dead job through again, in its ticket's trace", (_store, id, { operations, by }) =>
    operations.retry(id, by),
  );
  one("discard", "remove a job that waits, is done or is dead", (_store, id, { operations, by }) =>
    operations.discard(id, by),
  );
  one("rerun", "make a new job for the ticket of one that ended", (_store, id, { operations, by, flags }) =>
    operations.rerun(id, flags["force"] === true, by),
  ).option("--force", "write another note even where one stands");

  const queue = program.command("queue").description("the queue of enhancements");
  const change = (name: "pause" | "resume", description: string) =>
    control(queue.command(name).description(description), ({ operations, by }, tenant) =>
      operations[name](tenant, by),
    ).option("--tenant <ID>", "the jobs of this tenant only");
  change("pause", "take no more jobs; what is under way ends");
  change("resume", "take jobs again");
  control(queue.command("status").description("how many jobs are where"), () => Promise.resolve());

  function control(
    command: Command,
    act: (operator: Operator, tenant: string | undefined) => Promise<void>,
  ): Command {
    return addSettings(command.option("--json", "print JSON"), storeSettings).action((flags: Flags) =>
      withStore(flags, context, async (store) => {
        await act(await operatorOf(store), textOf(flags, "tenant"));
        const status = await store.queue.status();
        if (flags["json"] === true) printJson(status);
        else printTable(statusRows(status));
      }),
    );
  }

  function one(
    name: string,
    description: string,
    read: (store: EnhancerStore, id: string, operator: Operator & { flags: Flags }) => Promise<JobView>,
  ): Command {
    const command = jobs
      .command(name)
      .description(description)
      .argument("<id>")
      .option("--json", "print JSON");
    return addSettings(command, storeSettings).action((id: string, flags: Flags) =>
      withStore(flags, context, async (store) => {
        const job = await read(store, id, { ...(await operatorOf(store)), flags });
        if (flags["json"] === true) printJson(job);
        else printTable(Object.entries(job).map(([key, value]) => [key, String(value)]));
      }),
    );
  }
}

const withStore: typeof openStore = (flags, context, work) =>
  openStore(flags, context, work, { orDemo: true });

function statusRows({ pausedTenants, heldTenants, ...counts }: QueueStatus): string[][] {
  return [
    ...Object.entries(counts).map(([key, value]) => [key, String(value)]),
    ...pausedTenants.map((tenantId) => ["paused tenant", tenantId]),
    ...heldTenants.map(({ tenantId, until }) => ["held tenant", `${tenantId} until ${until}`]),
  ];
}

function listFilter(flags: Flags) {
  const limit = Number(flags["limit"]);
  if (!Number.isInteger(limit) || limit < 1 || limit > 1_000)
    throw invalidSetting("--limit", String(flags["limit"]), "expected 1 to 1000");
  const state = jobView.shape.state.optional().safeParse(flags["state"]);
  if (!state.success)
    throw invalidSetting("--state", String(flags["state"]), "expected waiting, active, done or dead");
  const [tenantId, ticketId] = [textOf(flags, "tenant"), textOf(flags, "ticket")];
  return {
    limit,
    ...(state.data === undefined ? {} : { state: state.data }),
    ...(tenantId === undefined ? {} : { tenantId }),
    ...(ticketId === undefined ? {} : { ticketId }),
  };
}

function row(job: JobView): string[] {
  return [
    job.id,
    job.ticketId,
    job.tenantId,
    job.state,
    job.status ?? "-",
    String(job.attempts),
    job.reason ?? "",
  ];
}
