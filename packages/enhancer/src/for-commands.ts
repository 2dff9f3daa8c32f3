import { trace } from "@opentelemetry/api";
import type { EnhancementDetail } from "@throughline/api";
import { deskOpener } from "./desk/open-desk.ts";
import { type ModelConfig, noteWriterOf } from "./llm/configured-writer.ts";
import { instructions, promptVersionOf } from "./llm/prompt.ts";
import type { WriterOptions } from "./llm/writer.ts";
import { detailOf } from "./records/view.ts";
import type { EnhancerStore } from "./store.ts";
import { Drafts } from "./work/drafts.ts";
import { type Comparison, replay } from "./work/evaluate.ts";
import { noteMeta } from "./work/note-meta.ts";

/** Stored notes of a tenant, newest first, written again with other instructions or another model. Nothing is counted against its caps. */
export async function evaluateNotes(
  store: EnhancerStore,
  options: ModelConfig &
    Pick<WriterOptions, "redactor"> & {
      tenantId: string;
      limit: number;
      instructions: string | undefined;
    },
): Promise<{ comparisons: Comparison[]; promptVersion: string }> {
  const { tenantId, limit, instructions: text = instructions } = options;
  const tracer = trace.getTracer("throughline.evaluation");
  const uncounted = {
    reserve: () => Promise.resolve({ remainingUsd: undefined, settle: () => Promise.resolve(undefined) }),
  };
  const writer = noteWriterOf(options, { spending: uncounted }, { tracer, redactor: options.redactor }, text);
  const comparisons: Comparison[] = [];
  const { hidePersonalData } = (await store.tenants.info(tenantId)).settings.note;
  for (const row of await store.records.list({ tenantId, hasNote: true, limit })) {
    const compared = await replay(row, writer, hidePersonalData, new AbortController().signal);
    if (compared !== undefined) comparisons.push(compared);
  }
  return { comparisons, promptVersion: promptVersionOf(text) };
}

/** One record, whole, for a command. Throws TL_ENHANCEMENT_NOT_FOUND. */
export async function enhancementDetailOf(
  store: EnhancerStore,
  id: string,
  publicUrl: string | undefined,
): Promise<EnhancementDetail> {
  const row = await store.records.get(id);
  const meta = noteMeta({ id: row.id, marker: row.marker, traceId: row.trace_id }, { ...store, publicUrl });
  return detailOf(row, await store.feedback.of(id), meta);
}

/** Drafts for a command, beside whatever runs. */
export function draftsOf(store: EnhancerStore, publicUrl: string | undefined): Drafts {
  return new Drafts({
    ...store,
    notesOn: true,
    publicUrl,
    tracer: trace.getTracer("throughline.drafts"),
    openDesk: deskOpener(),
    findTenant: (id) => store.tenants.get(id),
  });
}
