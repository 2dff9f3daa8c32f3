import { jobView, type JobView, type QueueStatus } from "@throughline/api";
import type { EnhancerStore } from "@throughline/enhancer";
import type { Command } from "commander";
import { type Flags, invalidSetting } from "../config.ts";
import { addSettings, printJson, printTable, storeSettings } from "./options.ts";
import type { CommandContext } from "./context.ts";
import { withStore as openStore } from "./tenant.ts";

/** `jobs` and `queue` work on the job table itself: with or without a process that runs, and running ones obey at once. */
export function addJobCommands(program: Command, context: CommandContext): void {
  const jobs = program.command("jobs").description("the queue's jobs");
  const list = jobs
    .command("list")
    .description("newest first")
    .option("--state <STATE>", "waiting, active, done or dead")
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
  one(jobs, "show", "one job, whole", (store, id) => store.queue.show(id));
  one(jobs, "retry", "send a dead job through again, in its ticket's trace", (store, id) =>
    store.queue.retry(id),
  );

  const queue = program.command("queue").description("the queue of enhancements");
  const control = (name: "pause" | "resume" | "status", description: string) =>
    addSettings(
      queue.command(name).description(description).option("--json", "print JSON"),
      storeSettings,
    ).action((flags: Flags) =>
      withStore(flags, context, async ({ queue: jobQueue }) => {
        if (name !== "status") await jobQueue[name]();
        const status = await jobQueue.status();
        if (flags["json"] === true) printJson(status);
        else printTable(statusRows(status));
      }),
    );
  control("pause", "take no more jobs; what is under way ends");
  control("resume", "take jobs again");
  control("status", "how many jobs are where");

  function one(
    parent: Command,
    name: string,
    description: string,
    read: (store: EnhancerStore, id: string) => Promise<JobView>,
  ) {
    const command = parent
      .command(name)
      .description(description)
      .argument("<id>")
      .option("--json", "print JSON");
    addSettings(command, storeSettings).action((id: string, flags: Flags) =>
      withStore(flags, context, async (store) => {
        const job = await read(store, id);
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
  return {
    limit,
    ...(state.data === undefined ? {} : { state: state.data }),
    ...(typeof flags["ticket"] === "string" ? { ticketId: flags["ticket"] } : {}),
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
