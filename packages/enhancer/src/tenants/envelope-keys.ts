import { ThroughlineError } from "@throughline/api";
import { createHmac, randomBytes } from "node:crypto";
import {
  closeSync,
  existsSync,
  fsyncSync,
  linkSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname } from "node:path";

export const keyBytes = 32;

export interface EnvelopeKey {
  /** Says which key it is and nothing about it. */
  id: string;
  key: Buffer;
}

/** The keys that tenants' data keys are sealed under: in a file, or given by the environment. */
export interface EnvelopeKeys {
  /** Where they come from, for messages. */
  source: string;
  find(id: string): EnvelopeKey | undefined;
  /** The one in its place. */
  present(): EnvelopeKey | undefined;
  /** As `present`, for the first data key there is: a file is made where it is missing. */
  first(): EnvelopeKey;
  /** The key that a rotation goes to. It survives a crash from here on. */
  next(): EnvelopeKey;
  /** The rotation to the key of this id is committed; does nothing where it is in its place already. */
  settle(id: string): void;
  /** Whether a rotation may have been left half done. */
  isUnsettled(): boolean;
}

function envelopeKey(key: Buffer): EnvelopeKey {
  return { id: createHmac("sha256", key).update("throughline tenants key").digest("hex").slice(0, 16), key };
}

/**
 * `given` (of THROUGHLINE_TENANTS_KEY) beats the file: its first key is the one to seal under, the others and the file's open what
 * was sealed before.
 */
export function envelopeKeys(keyFile: string, given: readonly Buffer[] = []): EnvelopeKeys {
  const inFile = new KeyFile(keyFile);
  const [first, ...others] = given.map(envelopeKey);
  if (first === undefined) return inFile;
  return {
    source: "THROUGHLINE_TENANTS_KEY",
    find: (id) => [first, ...others].find((one) => one.id === id) ?? inFile.find(id),
    present: () => first,
    first: () => first,
    next: () => first,
    settle: () => {},
    isUnsettled: () => false,
  };
}

/** What links in notes are signed with; a file of its own, since links outlive a rotation. Made where it is missing. */
export function linkKey(file: string): Buffer {
  return new KeyFile(file).first().key;
}

/**
 * `tenants.key`: 32 bytes, 0600. A rotation writes the new key to `tenants.key.next`, commits the database, and renames it: whatever
 * stops it, one of the two files opens the database.
 */
class KeyFile implements EnvelopeKeys {
  readonly source: string;
  private readonly nextFile: string;
  private readonly known = new Map<string, EnvelopeKey>();

  constructor(file: string) {
    this.source = file;
    this.nextFile = `${file}.next`;
  }

  find(id: string): EnvelopeKey | undefined {
    // Twice: the one may be renamed to the other between two looks.
    for (let look = 0; look < 2 && !this.known.has(id); look++) {
      for (const file of [this.source, this.nextFile]) {
        const key = readKey(file);
        if (key !== undefined) this.known.set(key.id, key);
      }
    }
    return this.known.get(id);
  }

  present(): EnvelopeKey | undefined {
    return readKey(this.source);
  }

  first(): EnvelopeKey {
    const there = this.present();
    if (there !== undefined) return there;
    // Two processes may start at once: whoever links first wins, both then read the same key.
    const draft = `${this.source}.${process.pid}`;
    writeKey(draft);
    try {
      linkSync(draft, this.source);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    } finally {
      rmSync(draft);
    }
    syncDirectory(this.source);
    const made = this.present();
    if (made === undefined)
      throw new ThroughlineError("TL_DATA_DIRECTORY_UNUSABLE", `${this.source} cannot be made.`);
    return made;
  }

  next(): EnvelopeKey {
    rmSync(this.nextFile, { force: true });
    const key = writeKey(this.nextFile);
    syncDirectory(this.nextFile);
    return key;
  }

  settle(id: string): void {
    if (readKey(this.nextFile)?.id !== id) return;
    renameSync(this.nextFile, this.source);
    syncDirectory(this.source);
  }

  isUnsettled(): boolean {
    return existsSync(this.nextFile);
  }
}

function writeKey(file: string): EnvelopeKey {
  const key = randomBytes(keyBytes);
  writeFileSync(file, key, { mode: 0o600, flag: "wx", flush: true });
  return envelopeKey(key);
}

function syncDirectory(file: string): void {
  const handle = openSync(dirname(file), "r");
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

function readKey(file: string): EnvelopeKey | undefined {
  let key: Buffer;
  try {
    key = readFileSync(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw new ThroughlineError("TL_TENANTS_KEY_WRONG", `${file} cannot be read: ${String(error)}.`, {
      cause: error,
    });
  }
  if (key.length === keyBytes) return envelopeKey(key);
  throw new ThroughlineError(
    "TL_TENANTS_KEY_WRONG",
    `${file} has ${key.length} bytes, a key has ${keyBytes}.`,
  );
}
