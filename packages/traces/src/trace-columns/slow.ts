import { valueBytes } from "../store/head/value-bytes.ts";
import { isTrue, slow } from "../store/search/slow-trace.ts";
import { AttributeLists, type TraceTable } from "./table.ts";

/**
 * The attributes of a trace's spans, by row. As `completeSlow` has it: once one of these rows says that the trace is slow, all of its spans
 * say so.
 */
export function completeAttributes(table: TraceTable, rows: Int32Array): AttributeLists {
  const { attributes, dictionary } = table;
  const key = dictionary.keys.values.indexOf(slow.key);
  if (key === -1 || !saysSlow(table, key, rows)) return attributes;
  const value = Buffer.from(valueBytes(slow.value));
  const number = dictionary.add(key, value, 0, value.length);
  const completed = new AttributeLists(table.rows, attributes.numbers.length);
  for (let row = 0, at = 0; row < table.rows; row++) {
    let isSaid = false;
    for (const end = attributes.ends.get(row); at < end; at++) {
      const own = attributes.numbers.get(at);
      const isFirst: boolean = !isSaid && dictionary.key(own) === key;
      completed.numbers.push(isFirst ? number : own);
      isSaid ||= isFirst;
    }
    if (!isSaid) completed.numbers.push(number);
    completed.end();
  }
  return completed;
}

function saysSlow({ attributes, dictionary }: TraceTable, key: number, rows: Int32Array): boolean {
  const says = new Uint8Array(dictionary.length);
  for (let number = 0; number < says.length; number++) {
    if (dictionary.key(number) !== key) continue;
    if (isTrue(dictionary.attribute(number))) says[number] = 1;
  }
  if (!says.includes(1)) return false;
  return rows.some((row) => {
    for (let at = attributes.startOf(row); at < attributes.ends.get(row); at++)
      if (says[attributes.numbers.get(at)] === 1) return true;
    return false;
  });
}
