import { createHash, randomBytes } from "node:crypto";
import { join } from "node:path";
import { z } from "zod";
import { JsonFile } from "../runtime/json-file.ts";
import { roles } from "./roles.ts";

const sessionSchema = z.object({
  /** Names it in lists; opens nothing. */
  id: z.string(),
  /** SHA-256 of the cookie's value, which is random: nothing to guess from. */
  digest: z.string(),
  /** How they proved who they are. */
  way: z.enum(["password", "oidc"]),
  name: z.string(),
  /** As they were at the login; a local user's are looked up anew each time. */
  role: z.enum(roles),
  tenant: z.string().nullable(),
  address: z.string(),
  userAgent: z.string(),
  startedAt: z.string(),
  endsAt: z.string(),
});
const fileSchema = z.object({ version: z.literal(1), sessions: z.array(sessionSchema) });
export type Session = Omit<z.infer<typeof sessionSchema>, "digest">;

/** Past it the oldest end. */
const sessionsAtMost = 10_000;
const userAgentAtMost = 200;

/** `sessions.json` of a data directory: who is logged in. They outlive a restart, and end by themselves. */
export class SessionStore {
  private readonly file: JsonFile<z.infer<typeof fileSchema>>;
  private readonly nowMs: () => number;

  constructor(directory: string, nowMs: () => number = Date.now) {
    this.nowMs = nowMs;
    this.file = new JsonFile({
      path: join(directory, "sessions.json"),
      schema: fileSchema,
      what: "list of sessions",
      empty: { version: 1, sessions: [] },
      nowMs,
    });
  }

  /** The cookie's value is told this once. */
  start(
    session: Pick<Session, "way" | "name" | "role" | "tenant" | "address" | "userAgent">,
    lastsMs: number,
  ): Session & { cookie: string } {
    const cookie = randomBytes(32).toString("base64url");
    const now = this.nowMs();
    const info = {
      ...session,
      userAgent: session.userAgent.slice(0, userAgentAtMost),
      id: randomBytes(6).toString("hex"),
      startedAt: new Date(now).toISOString(),
      endsAt: new Date(now + lastsMs).toISOString(),
    };
    const going = this.going(this.file.current().sessions).slice(1 - sessionsAtMost);
    this.file.write({ version: 1, sessions: [...going, { ...info, digest: digestOf(cookie) }] });
    return { ...info, cookie };
  }

  /** undefined for a cookie that is unknown, or whose session has ended. */
  find(cookie: string): Session | undefined {
    const digest = digestOf(cookie);
    const session = this.file.recent().sessions.find((one) => one.digest === digest);
    return session === undefined || this.hasEnded(session) ? undefined : withoutDigest(session);
  }

  list(): Session[] {
    return this.going(this.file.current().sessions).map(withoutDigest);
  }

  /** Ends those that `which` names; how many. */
  end(which: (session: Session) => boolean): number {
    const going = this.going(this.file.current().sessions);
    const left = going.filter((session) => !which(withoutDigest(session)));
    if (left.length < going.length) this.file.write({ version: 1, sessions: left });
    return going.length - left.length;
  }

  private going<S extends { endsAt: string }>(sessions: readonly S[]): S[] {
    return sessions.filter((session) => !this.hasEnded(session));
  }

  private hasEnded({ endsAt }: { endsAt: string }): boolean {
    return Date.parse(endsAt) <= this.nowMs();
  }
}

function digestOf(cookie: string): string {
  return createHash("sha256").update(cookie).digest("base64url");
}

function withoutDigest({ digest: _digest, ...session }: z.infer<typeof sessionSchema>): Session {
  return session;
}
