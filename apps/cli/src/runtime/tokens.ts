import { createHash, randomBytes, scrypt, timingSafeEqual } from "node:crypto";
import { join } from "node:path";
import { promisify } from "node:util";
import { z } from "zod";
import { JsonFile } from "./json-file.ts";

export const scopes = ["ingest", "read", "write", "admin"] as const;
export type TokenScope = (typeof scopes)[number];

/** What a tenant may be called: as `tenant.id` says it in spans, and nothing that redaction might change. */
export const tenantName = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

const limit = z.number().positive().nullable().default(null);
const tokenSchema = z.object({
  id: z.string(),
  name: z.string(),
  scopes: z.array(z.enum(scopes)),
  /** Whose spans it sends and sees; null: of all. */
  tenant: z.string().regex(tenantName).nullable().default(null),
  /** How much it may send; null: as much as there is room for. */
  spansPerSecond: limit,
  bytesPerSecond: limit,
  createdAt: z.string(),
  /** null: never. */
  expiresAt: z.string().nullable(),
  /** scrypt of the whole token, base64url. */
  salt: z.string(),
  hash: z.string(),
});
const fileSchema = z.object({ version: z.literal(1), tokens: z.array(tokenSchema) });
type StoredToken = z.infer<typeof tokenSchema>;
/** A token but its secret. */
type TokenInfo = Omit<StoredToken, "salt" | "hash">;
type NewToken = Pick<TokenInfo, "name" | "scopes" | "expiresAt"> &
  Partial<Pick<TokenInfo, "tenant" | "spansPerSecond" | "bytesPerSecond">>;

const derive = promisify(scrypt) as (secret: string, salt: Buffer, bytes: number) => Promise<Buffer>;
const hashBytes = 32;
const rememberedAtMost = 1_000;

/** `tokens.json` of a data directory: who may send, read and administer. It holds hashes only. */
export class TokenStore {
  private readonly file: JsonFile<z.infer<typeof fileSchema>>;
  private readonly nowMs: () => number;
  /** Digests of tokens that were right, with the hash that they were held against. */
  private readonly right = new Map<string, string>();

  constructor(directory: string, nowMs: () => number = Date.now) {
    this.file = new JsonFile({
      path: join(directory, "tokens.json"),
      schema: fileSchema,
      what: "list of tokens",
      empty: { version: 1, tokens: [] },
      nowMs,
    });
    this.nowMs = nowMs;
  }

  /** The new token's text is told this once. Throws TL_DATA_DIRECTORY_UNUSABLE. */
  async add(token: NewToken): Promise<TokenInfo & { token: string }> {
    const id = randomBytes(6).toString("hex");
    const text = `tl_${id}_${randomBytes(32).toString("base64url")}`;
    const salt = randomBytes(16);
    const hash = await derive(text, salt, hashBytes);
    const info = {
      id,
      tenant: null,
      spansPerSecond: null,
      bytesPerSecond: null,
      ...token,
      createdAt: new Date(this.nowMs()).toISOString(),
    };
    const stored = { ...info, salt: salt.toString("base64url"), hash: hash.toString("base64url") };
    // Read again after the hash was made: another may have been added meanwhile.
    this.write([...this.file.current().tokens, stored]);
    return { ...info, token: text };
  }

  list(): TokenInfo[] {
    return this.file.current().tokens.map(withoutSecret);
  }

  /** False where there is none of this id. */
  revoke(id: string): boolean {
    const { tokens } = this.file.current();
    const left = tokens.filter((token) => token.id !== id);
    if (left.length === tokens.length) return false;
    this.write(left);
    return true;
  }

  /** undefined for a token that is unknown, expired or revoked. */
  async authenticate(text: string): Promise<TokenInfo | undefined> {
    const id = /^tl_([0-9a-f]{12})_[\w-]{43}$/.exec(text)?.[1];
    const token = this.file.recent().tokens.find((one) => one.id === id);
    if (token === undefined || this.isExpired(token)) return undefined;
    const digest = createHash("sha256").update(text).digest("base64url");
    if (this.right.get(digest) !== token.hash) {
      const found = await derive(text, Buffer.from(token.salt, "base64url"), hashBytes);
      if (!timingSafeEqual(found, Buffer.from(token.hash, "base64url"))) return undefined;
      if (this.right.size >= rememberedAtMost) this.right.clear();
      this.right.set(digest, token.hash);
    }
    return withoutSecret(token);
  }

  private isExpired({ expiresAt }: StoredToken): boolean {
    return expiresAt !== null && Date.parse(expiresAt) <= this.nowMs();
  }

  private write(tokens: StoredToken[]): void {
    this.file.write({ version: 1, tokens });
  }
}

function withoutSecret({ salt: _salt, hash: _hash, ...info }: StoredToken): TokenInfo {
  return info;
}
