import type { DetailColumns, StructureColumns, TraceHead } from "@throughline/api/trace-columns";
import { spanIdAt, startOf } from "./columns.ts";

export interface SearchedTrace {
  head: TraceHead;
  structure: StructureColumns;
  details: DetailColumns;
}

const decoder = new TextDecoder();

/**
 * Spans in which a text occurs, whatever its case: name, service, status message, names of events, span id, or an attribute's key or value,
 * wherever it stands; `key=value` looks for the value under that key only.
 */
export function findSpans(trace: SearchedTrace, text: string): Int32Array {
  const wanted = text.trim().toLowerCase();
  if (wanted === "") return new Int32Array(0);
  const { head, structure, details } = trace;
  const has = (one: string): boolean => one.toLowerCase().includes(wanted);
  const [names, services, messages, eventNames] = [
    head.names,
    head.services,
    head.messages,
    head.eventNames,
  ].map((list) => list.map(has)) as [boolean[], boolean[], boolean[], boolean[]];
  const attributes = matchingAttributes(head, details, wanted);
  const hit = (ends: Uint32Array, list: Uint32Array, at: number): boolean => {
    for (let place = startOf(ends, at); place < (ends[at] ?? 0); place++)
      if (attributes[list[place] ?? 0] === 1) return true;
    return false;
  };
  const resources = details.resourceEnds.map((_, at) =>
    Number(hit(details.resourceEnds, details.resourceAttributes, at)),
  );
  const isId = /^[0-9a-f]{4,16}$/.test(wanted);
  const found: number[] = [];
  for (let at = 0; at < structure.starts.length; at++) {
    let isFound =
      names[structure.names[at] ?? 0] === true ||
      services[structure.services[at] ?? 0] === true ||
      messages[details.messages[at] ?? 0] === true ||
      resources[details.resources[at] ?? 0] === 1 ||
      hit(details.attributeEnds, details.attributes, at) ||
      (isId && spanIdAt(structure.spanIds, at).startsWith(wanted));
    for (
      let event = startOf(structure.eventEnds, at);
      !isFound && event < (structure.eventEnds[at] ?? 0);
      event++
    )
      isFound =
        eventNames[details.eventNames[event] ?? 0] === true ||
        hit(details.eventAttributeEnds, details.eventAttributes, event);
    for (let link = startOf(structure.linkEnds, at); !isFound && link < (structure.linkEnds[at] ?? 0); link++)
      isFound = hit(details.linkAttributeEnds, details.linkAttributes, link);
    if (isFound) found.push(at);
  }
  return Int32Array.from(found);
}

/** 1 for each attribute whose key or value has the text. */
function matchingAttributes(head: TraceHead, details: DetailColumns, wanted: string): Uint8Array {
  const { keys, valueEnds, values } = details;
  const hits = new Uint8Array(keys.length);
  const [, wantedKey, wantedValue] = /^([^=\s]+)=(.*)$/s.exec(wanted) ?? [];
  const key = head.keys.map((one) =>
    wantedKey === undefined ? one.toLowerCase().includes(wanted) : one.toLowerCase() === wantedKey,
  );
  const value = wantedValue ?? wanted;
  if (wantedKey === undefined) keys.forEach((of, at) => (hits[at] = key[of] === true ? 1 : 0));
  const all = decoder.decode(values).toLowerCase();
  const mark = (at: number): void => {
    if (wantedKey === undefined || key[keys[at] ?? 0] === true) hits[at] = 1;
  };
  if (all.length !== values.length) {
    // Other letters take more bytes than characters, so places in the text are none in the bytes.
    for (let at = 0; at < keys.length; at++) {
      const one = decoder.decode(values.subarray(startOf(valueEnds, at), valueEnds[at]));
      if (one.toLowerCase().includes(value)) mark(at);
    }
    return hits;
  }
  if (value === "") {
    for (let at = 0; at < keys.length; at++) mark(at);
    return hits;
  }
  for (let place = all.indexOf(value); place >= 0; place = all.indexOf(value, place + 1)) {
    const at = holderOf(valueEnds, place);
    if (place + value.length > (valueEnds[at] ?? 0)) continue;
    mark(at);
    place = Math.max(place, (valueEnds[at] ?? 0) - 1);
  }
  return hits;
}

/** Which entry a place belongs to: the first that ends behind it. */
function holderOf(ends: Uint32Array, place: number): number {
  let low = 0;
  let high = ends.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((ends[middle] ?? 0) > place) high = middle;
    else low = middle + 1;
  }
  return low;
}
