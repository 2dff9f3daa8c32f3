import { ThroughlineError } from "@throughline/api";
import { randomBytes, scrypt, timingSafeEqual } from "node:crypto";
import { join } from "node:path";
import { z } from "zod";
import { JsonFile } from "../runtime/json-file.ts";
import { tenantName } from "../runtime/tokens.ts";
import { roles } from "./roles.ts";

/** What a user may be called: a word, or an address of e-mail. */
const userName = /^[A-Za-z0-9][A-Za-z0-9._@+-]{0,63}$/;
const passwordAtLeast = 12;
const passwordAtMost = 1_024;

const userSchema = z.object({
  name: z.string().regex(userName),
  role: z.enum(roles),
  tenant: z.string().regex(tenantName).nullable(),
  createdAt: z.string(),
  /** Sessions that began before it have ended. */
  passwordSetAt: z.string(),
  /** scrypt of the password, base64url. */
  salt: z.string(),
  hash: z.string(),
});
const fileSchema = z.object({ version: z.literal(1), users: z.array(userSchema) });
type StoredUser = z.infer<typeof userSchema>;
/** A user but the password's hash. */
export type User = Omit<StoredUser, "salt" | "hash">;

/** 64 MiB and some 150 ms of one core for each guess. */
const cost = { N: 2 ** 16, r: 8, p: 1, maxmem: 128 * 1024 * 1024 };
const hashBytes = 32;

/** `users.json` of a data directory: who may log in with a password. It holds hashes only. */
export class UserStore {
  private readonly file: JsonFile<z.infer<typeof fileSchema>>;
  private readonly nowMs: () => number;
  /** Hashes are made one after the other: many logins at once must not take the memory of many. */
  private hashing: Promise<unknown> = Promise.resolve();

  constructor(directory: string, nowMs: () => number = Date.now) {
    this.nowMs = nowMs;
    this.file = new JsonFile({
      path: join(directory, "users.json"),
      schema: fileSchema,
      what: "list of users",
      empty: { version: 1, users: [] },
      nowMs,
    });
  }

  /** Throws TL_USER_INVALID, TL_USER_EXISTS. */
  async add(user: Pick<User, "name" | "role" | "tenant">, password: string): Promise<User> {
    if (!userName.test(user.name))
      throw new ThroughlineError(
        "TL_USER_INVALID",
        `"${user.name}" is no name: expected up to 64 letters, digits, dots, dashes, underscores, @ and +.`,
      );
    const secret = await this.secretOf(password);
    const { users } = this.file.current();
    if (users.some(({ name }) => isSameName(name, user.name)))
      throw new ThroughlineError("TL_USER_EXISTS", `There is a user ${user.name}.`);
    const now = new Date(this.nowMs()).toISOString();
    const stored = { ...user, createdAt: now, passwordSetAt: now, ...secret };
    this.write([...users, stored]);
    return withoutSecret(stored);
  }

  /** Ends the user's sessions too. Throws TL_USER_INVALID, TL_USER_UNKNOWN. */
  async setPassword(name: string, password: string): Promise<User> {
    const secret = await this.secretOf(password);
    const user = this.named(name);
    const changed = { ...user, ...secret, passwordSetAt: new Date(this.nowMs()).toISOString() };
    this.write(this.file.current().users.map((one) => (one.name === user.name ? changed : one)));
    return withoutSecret(changed);
  }

  /** Throws TL_USER_UNKNOWN. */
  remove(name: string): User {
    const user = this.named(name);
    this.write(this.file.current().users.filter((one) => one.name !== user.name));
    return withoutSecret(user);
  }

  list(): User[] {
    return this.file.current().users.map(withoutSecret);
  }

  /** As of the last second. */
  find(name: string): User | undefined {
    const user = this.file.recent().users.find((one) => isSameName(one.name, name));
    return user === undefined ? undefined : withoutSecret(user);
  }

  /** As of the last second. */
  isEmpty(): boolean {
    return this.file.recent().users.length === 0;
  }

  /** The user whose password it is. For an unknown name it takes as long. */
  async authenticate(name: string, password: string): Promise<User | undefined> {
    const user = this.file.recent().users.find((one) => isSameName(one.name, name));
    const salt = Buffer.from(user?.salt ?? "", "base64url");
    const found = await this.derive(password.slice(0, passwordAtMost + 1), salt);
    const expected = Buffer.from(user?.hash ?? "", "base64url");
    if (user === undefined || expected.length !== hashBytes || !timingSafeEqual(found, expected))
      return undefined;
    return withoutSecret(user);
  }

  private named(name: string): StoredUser {
    const user = this.file.current().users.find((one) => isSameName(one.name, name));
    if (user === undefined) throw new ThroughlineError("TL_USER_UNKNOWN", `There is no user ${name}.`);
    return user;
  }

  private async secretOf(password: string): Promise<{ salt: string; hash: string }> {
    if (password.length < passwordAtLeast || password.length > passwordAtMost)
      throw new ThroughlineError(
        "TL_USER_INVALID",
        `The password must have ${passwordAtLeast} to ${passwordAtMost} characters.`,
      );
    const salt = randomBytes(16);
    const hash = await this.derive(password, salt);
    return { salt: salt.toString("base64url"), hash: hash.toString("base64url") };
  }

  private derive(password: string, salt: Buffer): Promise<Buffer> {
    const derived = this.hashing.then(
      () =>
        new Promise<Buffer>((resolve, reject) => {
          scrypt(password.normalize("NFKC"), salt, hashBytes, cost, (error, key) =>
            error === null ? resolve(key) : reject(error),
          );
        }),
    );
    this.hashing = derived.catch(() => undefined);
    return derived;
  }

  private write(users: StoredUser[]): void {
    this.file.write({ version: 1, users });
  }
}

function isSameName(one: string, other: string): boolean {
  return one.toLowerCase() === other.toLowerCase();
}

function withoutSecret({ salt: _salt, hash: _hash, ...user }: StoredUser): User {
  return user;
}
