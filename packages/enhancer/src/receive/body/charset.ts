/** Charsets that desks were seen to send, by the names that they use for them; `latin1` is windows-1252 to every browser, and here. */
const decoders: Readonly<Record<string, string>> = {
  "utf-8": "utf-8",
  utf8: "utf-8",
  "us-ascii": "utf-8",
  ascii: "utf-8",
  "utf-16le": "utf-16le",
  "utf-16be": "utf-16be",
  latin1: "windows-1252",
  "iso-8859-1": "windows-1252",
  "iso-8859-15": "iso-8859-15",
  "windows-1252": "windows-1252",
  cp1252: "windows-1252",
};

const utf8 = new TextDecoder("utf-8", { fatal: true });

/** undefined where the bytes are not UTF-8. A byte order mark goes. */
export function decodeUtf8(bytes: Uint8Array): string | undefined {
  try {
    return utf8.decode(bytes);
  } catch {
    return undefined;
  }
}

/**
 * Text by a byte order mark, else by the charset that was named, else as UTF-8 where it is that, else as windows-1252, in which every byte
 * means something. undefined for a charset that is not known or bytes that are not of it.
 */
export function decodeText(bytes: Uint8Array, charset: string | undefined): string | undefined {
  const name = markedCharset(bytes) ?? (charset === "utf-16" ? unmarkedUtf16(bytes) : charset);
  if (name === undefined) return decodeUtf8(bytes) ?? new TextDecoder("windows-1252").decode(bytes);
  const decoder = decoders[name];
  if (decoder === undefined) return undefined;
  try {
    return new TextDecoder(decoder, { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

function markedCharset([first, second, third]: Uint8Array): string | undefined {
  if (first === 0xef && second === 0xbb && third === 0xbf) return "utf-8";
  if (first === 0xff && second === 0xfe) return "utf-16le";
  return first === 0xfe && second === 0xff ? "utf-16be" : undefined;
}

/** JSON and forms begin with a character of ASCII: its zero byte tells the order. */
function unmarkedUtf16(bytes: Uint8Array): string {
  return bytes[0] === 0 ? "utf-16be" : "utf-16le";
}
