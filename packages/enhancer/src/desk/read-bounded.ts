import { DeskError } from "./desk.ts";

/** The body as text; one that is larger, or that never ends, is cut off and is an error. */
export async function readBounded(response: Response, limitBytes: number): Promise<string> {
  if (response.body === null) return "";
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body as AsyncIterable<Uint8Array>) {
    size += chunk.length;
    // Leaving the loop cancels the stream.
    if (size > limitBytes)
      throw new DeskError("transient", `The desk's answer is over ${limitBytes} bytes.`, {
        httpStatus: response.status,
      });
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}
