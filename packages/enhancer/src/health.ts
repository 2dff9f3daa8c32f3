import type { Health } from "@throughline/api/health";
import { pingDatabase } from "./database/open.ts";
import type { NoteWriter } from "./llm/writer.ts";
import type { EnhancerStore } from "./store.ts";

/** What a receiver or a worker is of no use without. */
export function watchStore(
  health: Health,
  { database, queue, tenants }: Pick<EnhancerStore, "database" | "queue" | "tenants">,
  where: { postgres: boolean },
): void {
  health.checked("database", true, async () => {
    await pingDatabase(database);
    return { status: "ok", detail: `${where.postgres ? "PostgreSQL" : "SQLite"} answers` };
  });
  health.checked("queue", true, async () => {
    await queue.ping();
    return { status: "ok", detail: `${queue.system === "redis" ? "Redis" : "SQLite"} answers` };
  });
  health.checked("tenantsKey", true, async () => {
    await tenants.probeKey();
    return { status: "ok", detail: "opens tenants' secrets" };
  });
}

/** The writer, with what is seen of the models as they are used. Without one, nothing is watched. */
export function watchedWriter(writer: NoteWriter, health: Health, hasModel: boolean): NoteWriter {
  if (!hasModel) return writer;
  return {
    write: async (...args) => {
      const written = await writer.write(...args);
      const { failure, calls } = written;
      const { writer: by } = written.note;
      // A budget that is used up says nothing of the model.
      if (by.kind === "extractive" && by.because !== "failed") return written;
      if (failure !== undefined) {
        const status = by.kind === "extractive" ? "failed" : "degraded";
        health.observe("model", { status, detail: failure.message });
      } else if (calls.length > 0) health.observe("model", { status: "ok", detail: "answers" });
      return written;
    },
  };
}
