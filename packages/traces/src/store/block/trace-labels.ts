/**
 * The end of a block's part `traceFacts`: which tenant each trace is of, by what spans of unbound senders say.
 *   texts    count; for each: length, UTF-8
 *   labels   vector, by trace: 0 none, n the n-th text, count + 1 several
 */
import { type ByteReader, type ByteWriter, DamagedBlockError, type Vector } from "./bytes.ts";
import { severalTenants } from "../head/tenant-labels.ts";

export interface TraceLabels {
  texts: readonly string[];
  labels: Vector;
}

export function writeLabels(writer: ByteWriter, labels: Int32Array, texts: readonly string[]): void {
  writer.varint(texts.length);
  for (const text of texts) writer.text(text);
  writer.vector(
    labels.map((label) => (label === severalTenants ? texts.length + 1 : label)),
    labels.length,
  );
}

/** undefined where the part ends before. */
export function readLabels(reader: ByteReader, traces: number): TraceLabels | undefined {
  if (reader.isAtEnd) return undefined;
  const count = reader.varint();
  // A damaged count must not ask for memory.
  if (count > reader.buffer.length) throw new DamagedBlockError("there are too many tenants");
  const texts = Array.from({ length: count }, () => reader.text());
  return { texts, labels: reader.vector(traces) };
}
