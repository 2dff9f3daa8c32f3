import { closeSync, openSync, readSync } from "node:fs";
import { ByteReader, DamagedBlockError } from "./bytes.ts";
import {
  blockHeaderBytes,
  blockTrailerBytes,
  blockVersion,
  oldestBlockVersion,
  type Directory,
  type PartRef,
  readDirectory,
  readTrailer,
  unpack,
  versionOf,
} from "./format.ts";

/** Each thread that reads has so many: two that answer queries and the one that makes blocks. */
const openAtMost = 128;
/** Longer directories than any block has: a damaged length must not ask for memory. */
const directoryBytesAtMost = 64 * 1024 * 1024;

/** The block was deleted meanwhile (retention, compaction). */
export class BlockGoneError extends Error {
  override readonly name = "BlockGoneError";
}

/** Open files, the least recently used closed first. */
export class OpenFiles {
  private readonly open = new Map<string, number>();

  descriptor(path: string): number {
    const known = this.open.get(path);
    if (known !== undefined) {
      this.open.delete(path);
      this.open.set(path, known);
      return known;
    }
    let made: number;
    try {
      made = openSync(path, "r");
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code === "ENOENT") throw new BlockGoneError(path, { cause });
      throw cause;
    }
    this.open.set(path, made);
    for (const [oldest, descriptor] of this.open) {
      if (this.open.size <= openAtMost) break;
      closeSync(descriptor);
      this.open.delete(oldest);
    }
    return made;
  }

  close(path: string): void {
    const descriptor = this.open.get(path);
    if (descriptor !== undefined) closeSync(descriptor);
    this.open.delete(path);
  }

  closeAll(): void {
    for (const path of this.open.keys()) this.close(path);
  }
}

/** The parts of one block's file, checked. Errors: DamagedBlockError, BlockGoneError, what the file system throws. */
export class BlockFile {
  readonly path: string;
  readonly directory: Directory;
  /** Of its format. */
  readonly version: number;
  private readonly files: OpenFiles;

  /** `size` as the manifest says. */
  constructor(path: string, size: number, files: OpenFiles) {
    this.path = path;
    this.files = files;
    const version = versionOf(this.bytes(0, blockHeaderBytes)) ?? 0;
    this.version = version;
    if (version < oldestBlockVersion || version > blockVersion)
      throw new DamagedBlockError("it does not begin as a block of this version");
    const { length, crc } = readTrailer(this.bytes(size - blockTrailerBytes, blockTrailerBytes));
    if (length > directoryBytesAtMost || length > size)
      throw new DamagedBlockError("its directory is too long");
    this.directory = readDirectory(this.bytes(size - blockTrailerBytes - length, length), crc);
  }

  part(ref: PartRef): Buffer {
    return unpack(this.bytes(ref.offset, ref.stored), ref);
  }

  reader(ref: PartRef): ByteReader {
    return new ByteReader(this.part(ref));
  }

  private bytes(offset: number, length: number): Buffer {
    if (offset < 0) throw new DamagedBlockError("it is too short");
    const bytes = Buffer.allocUnsafe(length);
    const descriptor = this.files.descriptor(this.path);
    for (let done = 0; done < length;) {
      const read = readSync(descriptor, bytes, done, length - done, offset + done);
      if (read === 0) throw new DamagedBlockError("it is shorter than it was");
      done += read;
    }
    return bytes;
  }
}
