import { z } from "zod";
import { change, get, type whoAmI } from "./http.ts";

export type Me = Awaited<ReturnType<typeof whoAmI>>;

const sessions = z.object({
  sessions: z.array(
    z.object({
      id: z.string(),
      name: z.string(),
      role: z.string(),
      tenant: z.string().nullable(),
      address: z.string(),
      userAgent: z.string(),
      startedAt: z.string(),
      /** Whether it is the one that asks. */
      current: z.boolean(),
    }),
  ),
});
export type Session = z.infer<typeof sessions>["sessions"][number];

/** One's own, and those that one may end. */
export async function listSessions(signal: AbortSignal): Promise<Session[]> {
  return (await get(sessions, "/auth/sessions", signal)).sessions;
}

export async function endSession(id: string): Promise<void> {
  await change(z.unknown(), "DELETE", `/auth/sessions/${encodeURIComponent(id)}`);
}

export async function logOut(): Promise<void> {
  await change(z.unknown(), "POST", "/auth/logout");
}
