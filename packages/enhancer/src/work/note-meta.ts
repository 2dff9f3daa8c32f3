import type { NoteMeta } from "../note/html.ts";
import type { Feedback } from "../records/feedback.ts";

/** Footer of a note: trace and marker always, links where it is known how people reach us. */
export function noteMeta(
  { id, marker, traceId }: { id: string; marker: string; traceId: string },
  { publicUrl, feedback }: { publicUrl: string | undefined; feedback: Pick<Feedback, "tokenOf"> },
): NoteMeta {
  return {
    traceId,
    marker,
    ...(publicUrl === undefined
      ? {}
      : {
          traceUrl: `${publicUrl}/trace/${traceId}`,
          feedbackUrl: `${publicUrl}/feedback/${feedback.tokenOf(id)}`,
        }),
  };
}
