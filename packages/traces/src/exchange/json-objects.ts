/**
 * The objects of a JSON document that is a list of them, or an object with such a list as a member (`{"data": [{...}, {...}]}`), one by one
 * as text, however long the document is; `isOne`: the document is one such object itself. Throws SyntaxError where it is cut short.
 */
export async function* jsonObjects(chunks: AsyncIterable<string>, isOne = false): AsyncGenerator<string> {
  let depth = 0;
  let isText = false;
  let isEscaped = false;
  /** Depth of the list whose objects are wanted; 0 until it was met. */
  let list = 0;
  let object: string[] | undefined;
  for await (const chunk of chunks) {
    let from = 0;
    for (let at = 0; at < chunk.length; at++) {
      const code = chunk.charCodeAt(at);
      if (isText) {
        if (isEscaped) isEscaped = false;
        else if (code === 0x5c) isEscaped = true;
        else if (code === 0x22) isText = false;
        continue;
      }
      if (code === 0x22) isText = true;
      else if (code === 0x5b || code === 0x7b) {
        depth++;
        if (code === 0x5b && list === 0 && depth <= 2 && !isOne) list = depth;
        else if (code === 0x7b && object === undefined && depth === list + 1 && (list > 0 || isOne)) {
          object = [];
          from = at;
        }
      } else if (code === 0x5d || code === 0x7d) {
        if (code === 0x7d && object !== undefined && depth === list + 1) {
          object.push(chunk.slice(from, at + 1));
          yield object.join("");
          object = undefined;
        }
        if (depth === list) list = 0;
        depth--;
      }
    }
    object?.push(chunk.slice(from));
  }
  if (object !== undefined || depth > 0) throw new SyntaxError("the document ends before its end");
}
