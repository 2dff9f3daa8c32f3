import { ByteWriter, ParquetWriter } from "hyparquet-writer";
import { zstdCompressSync } from "node:zlib";
import type { SpanRecord } from "../../model.ts";
import { parquetColumns } from "./span-columns.ts";

type SchemaElement = ConstructorParameters<typeof ParquetWriter>[0]["schema"][number];

/** Spans of a row group, which is in memory as a whole. */
const groupSpans = 10_000;

const elements = {
  text: { type: "BYTE_ARRAY", converted_type: "UTF8" },
  time: { type: "INT64", logical_type: { type: "TIMESTAMP", isAdjustedToUTC: false, unit: "NANOS" } },
  integer: { type: "INT64" },
  boolean: { type: "BOOLEAN" },
  bytes: { type: "BYTE_ARRAY" },
} as const satisfies Record<string, Partial<SchemaElement>>;

const schema: SchemaElement[] = [
  { name: "spans", num_children: parquetColumns.length },
  ...parquetColumns.map(({ name, type }): SchemaElement => ({
    name,
    ...elements[type],
    repetition_type: "OPTIONAL",
  })),
];

/** A Parquet file of spans, group by group: plain types, zstd. Times are UTC without saying so: data tools cut those that say so to microseconds. */
export async function* parquetFile(traces: AsyncIterable<readonly SpanRecord[]>): AsyncGenerator<Uint8Array> {
  const writer = new ByteWriter();
  const file = new ParquetWriter({
    writer,
    schema,
    codec: "ZSTD",
    compressors: { ZSTD: (bytes) => zstdCompressSync(bytes) },
    createdBy: "throughline",
  });
  /** Positions in the file count on in `offset`. */
  const written = (): Uint8Array => {
    const bytes = Uint8Array.from(writer.getBytes());
    writer.index = 0;
    return bytes;
  };
  const write = async (spans: readonly SpanRecord[]): Promise<void> => {
    const columnData = parquetColumns.map(({ name, of }) => ({ name, data: spans.map(of) }));
    await file.write({ columnData, rowGroupSize: spans.length });
  };
  let waiting: SpanRecord[] = [];
  for await (const trace of traces) {
    for (const span of trace) waiting.push(span);
    while (waiting.length >= groupSpans) {
      await write(waiting.slice(0, groupSpans));
      waiting = waiting.slice(groupSpans);
      yield written();
    }
  }
  if (waiting.length > 0) await write(waiting);
  await file.finish();
  yield written();
}
