/** A field of a protobuf message: an integer (varint, read as int64) or a double (64 bits wide), or bytes. */
export interface Field {
  number: number;
  value: number | Uint8Array;
}

export class MalformedMessage extends Error {
  override readonly name = "MalformedMessage";
}

/** All fields but those of 32 bits. Throws MalformedMessage. */
export function fieldsOf(message: Uint8Array): Field[] {
  const fields: Field[] = [];
  const view = new DataView(message.buffer, message.byteOffset, message.byteLength);
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      const byte = message[at++];
      if (byte === undefined) throw new MalformedMessage("it ends inside a number");
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
    throw new MalformedMessage("a number has no end");
  };
  while (at < message.length) {
    const tag = varint();
    const [number, kind] = [Math.floor(tag / 8), tag % 8];
    if (number === 0) throw new MalformedMessage("field number 0");
    if (kind === 0) fields.push({ number, value: signed(varint()) });
    else if (kind === 1) {
      if (at + 8 > message.length) throw new MalformedMessage("it ends inside a field");
      fields.push({ number, value: view.getFloat64(at, true) });
      at += 8;
    } else if (kind === 5) at += 4;
    else if (kind === 2) {
      const length = varint();
      if (at + length > message.length) throw new MalformedMessage("a field is longer than the message");
      fields.push({ number, value: message.subarray(at, at + length) });
      at += length;
    } else throw new MalformedMessage(`wire type ${kind}`);
  }
  if (at > message.length) throw new MalformedMessage("it ends inside a field");
  return fields;
}

/** A negative int64 stands there as its two's complement. */
function signed(varint: number): number {
  return varint >= 2 ** 63 ? varint - 2 ** 64 : varint;
}

function bytesOf(fields: readonly Field[], number: number): Uint8Array | undefined {
  const value = fields.findLast((field) => field.number === number)?.value;
  return value instanceof Uint8Array ? value : undefined;
}

function numberOf(fields: readonly Field[], number: number): number {
  const value = fields.findLast((field) => field.number === number)?.value;
  return typeof value === "number" ? value : 0;
}

const text = new TextDecoder();

/** `partial_success` of an ExportTraceServiceResponse. Throws MalformedMessage for what is none. */
export function partialSuccess(response: Uint8Array): { rejected: number; message: string } {
  const partial = bytesOf(fieldsOf(response), 1);
  if (partial === undefined) return { rejected: 0, message: "" };
  const fields = fieldsOf(partial);
  const message = bytesOf(fields, 2);
  return {
    rejected: Math.max(0, numberOf(fields, 1)),
    message: message === undefined ? "" : readable(text.decode(message)),
  };
}

/** The message of a google.rpc.Status; empty for what is none. */
export function statusMessage(status: Uint8Array): string {
  try {
    const message = bytesOf(fieldsOf(status), 2);
    return message === undefined ? "" : readable(text.decode(message));
  } catch (error) {
    if (error instanceof MalformedMessage) return "";
    throw error;
  }
}

/** `retry_delay` of the google.rpc.RetryInfo among the details of a google.rpc.Status, in milliseconds; undefined where there is none. */
export function retryDelayMs(status: Uint8Array): number | undefined {
  try {
    for (const { number, value } of fieldsOf(status)) {
      if (number !== 3 || !(value instanceof Uint8Array)) continue;
      const any = fieldsOf(value);
      const type = bytesOf(any, 1);
      if (type === undefined || !text.decode(type).endsWith("/google.rpc.RetryInfo")) continue;
      const delay = bytesOf(fieldsOf(bytesOf(any, 2) ?? new Uint8Array()), 1);
      const fields = fieldsOf(delay ?? new Uint8Array());
      return Math.max(0, numberOf(fields, 1) * 1_000 + numberOf(fields, 2) / 1e6);
    }
  } catch (error) {
    if (!(error instanceof MalformedMessage)) throw error;
  }
  return undefined;
}

/** What a receiver says, fit for a log line. */
export function readable(said: string): string {
  // oxlint-disable-next-line no-control-regex -- they are what is taken out
  const oneLine = said.replace(/[\u0000-\u001f\u007f-\u009f\s]+/g, " ").trim();
  return oneLine.length > 200 ? `${oneLine.slice(0, 199)}…` : oneLine;
}
