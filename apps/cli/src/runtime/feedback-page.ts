import { feedbackInput, ThroughlineError } from "@throughline/api";
import type { FastifyInstance, FastifyReply } from "fastify";
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { LazyStore } from "./lazy-store.ts";

const bodyLimitBytes = 16 * 1024;
const styles =
  "body{font:16px/1.5 system-ui,sans-serif;max-width:30rem;margin:4rem auto;padding:0 1rem;color:#1b2733}textarea{width:100%;font:inherit}button{font:inherit;padding:.4rem 1rem;margin:.5rem .5rem 0 0}";

/**
 * `GET /feedback/{token}` shows a page and counts nothing, since mail scanners follow links; its POST counts. The signed link is all
 * that is asked for.
 */
export function feedbackPages(directory: string, store: LazyStore) {
  const feedback = async () => {
    if (!existsSync(join(directory, "links.key")))
      throw new ThroughlineError("TL_FEEDBACK_LINK_INVALID", "No notes are written from here.");
    return (await store.open()).feedback;
  };
  const mount = (server: FastifyInstance): void => {
    server.get<{ Params: { token: string } }>("/feedback/:token", async (request, reply) => {
      (await feedback()).idOf(request.params.token);
      return page(
        reply,
        `<h1>Was the note helpful?</h1><form method="post"><label>Why? <small>(optional)</small><br><textarea name="reason" rows="4" maxlength="1000"></textarea></label><br><button name="rating" value="up">👍 Yes</button><button name="rating" value="down">👎 No</button></form>`,
      );
    });
    server.post<{ Params: { token: string } }>(
      "/feedback/:token",
      { bodyLimit: bodyLimitBytes },
      async (request, reply) => {
        const given = await feedback();
        const id = given.idOf(request.params.token);
        const form = new URLSearchParams(Buffer.isBuffer(request.body) ? request.body.toString("utf8") : "");
        const parsed = feedbackInput.safeParse(Object.fromEntries(form));
        if (!parsed.success)
          throw new ThroughlineError("TL_PARAMETER_INVALID", "rating must be up or down; reason is a text.", {
            fields: parsed.error.issues.map(({ path, message }) => ({ field: path.join("."), message })),
          });
        await given.add(id, parsed.data);
        return page(reply, "<h1>Thank you.</h1><p>Your answer is kept with the note.</p>");
      },
    );
  };
  return { mount };
}

function page(reply: FastifyReply, body: string) {
  return reply
    .header("cache-control", "no-store")
    .type("text/html; charset=utf-8")
    .send(
      `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><meta name="robots" content="noindex"><title>Feedback</title><style>${styles}</style>${body}</html>`,
    );
}
