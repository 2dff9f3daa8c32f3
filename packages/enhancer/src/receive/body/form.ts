import { decodeText } from "./charset.ts";
import { parseJson } from "./json.ts";

const fieldsAtMost = 200;

/** Fields of `application/x-www-form-urlencoded`; the first of a name counts. undefined where the bytes are not of the charset. */
export function parseForm(body: Buffer, charset: string | undefined): Record<string, unknown> | undefined {
  const fields: Record<string, unknown> = Object.create(null) as Record<string, unknown>;
  for (const part of body.toString("latin1").split("&", fieldsAtMost)) {
    if (part === "") continue;
    const cut = part.indexOf("=");
    const name = decodeText(percentDecoded(cut < 0 ? part : part.slice(0, cut)), charset);
    const value = decodeText(percentDecoded(cut < 0 ? "" : part.slice(cut + 1)), charset);
    if (name === undefined || value === undefined) return undefined;
    if (!(name in fields)) fields[name] = fieldValue(value);
  }
  return fields;
}

/** Text fields of `multipart/form-data`; files are passed over. undefined for what is none. */
export async function parseMultipart(
  body: Buffer,
  contentType: string,
): Promise<Record<string, unknown> | undefined> {
  const fields: Record<string, unknown> = Object.create(null) as Record<string, unknown>;
  try {
    const data = await new Response(new Uint8Array(body), {
      headers: { "content-type": contentType },
    }).formData();
    for (const [name, value] of [...data].slice(0, fieldsAtMost))
      if (typeof value === "string" && !(name in fields)) fields[name] = fieldValue(value);
    return fields;
  } catch {
    return undefined;
  }
}

/** Desks put a whole JSON into one field (`payload=`, `input_data=`): then a mapping reaches into it. */
function fieldValue(value: string): unknown {
  return /^\s*[{[]/.test(value) ? (parseJson(value) ?? value) : value;
}

function percentDecoded(text: string): Buffer {
  const bytes = Buffer.allocUnsafe(text.length);
  let length = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    const hex = code === 0x25 ? text.slice(at + 1, at + 3) : "";
    if (/^[0-9a-f]{2}$/i.test(hex)) {
      bytes[length++] = Number.parseInt(hex, 16);
      at += 2;
    } else bytes[length++] = code === 0x2b ? 0x20 : code;
  }
  return bytes.subarray(0, length);
}
