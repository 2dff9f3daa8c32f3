/** What `Content-Type` says, as far as it matters here. */
export interface MediaType {
  /** `application/json`; "" where the header is missing. */
  essence: string;
  /** In small letters; undefined where none is named. */
  charset: string | undefined;
}

export type BodyKind = "json" | "ndjson" | "form" | "multipart" | "text";

export function mediaType(header: string | undefined): MediaType {
  const [essence = "", ...parameters] = (header ?? "").split(";");
  let charset: string | undefined;
  for (const parameter of parameters) {
    const [name = "", value = ""] = parameter.split("=", 2);
    if (name.trim().toLowerCase() === "charset") charset = value.trim().replace(/^"|"$/g, "").toLowerCase();
  }
  return { essence: essence.trim().toLowerCase(), charset };
}

const jsonLines = new Set([
  "application/x-ndjson",
  "application/ndjson",
  "application/jsonl",
  "application/jsonlines",
]);

/** undefined: nothing that is read here. A body of no stated type is taken as JSON, as RFC 9110 lets one guess. */
export function bodyKind({ essence }: MediaType): BodyKind | undefined {
  if (essence === "application/json" || essence === "" || /^application\/[\w.-]+\+json$/.test(essence))
    return "json";
  if (jsonLines.has(essence)) return "ndjson";
  if (essence === "application/x-www-form-urlencoded") return "form";
  if (essence === "multipart/form-data") return "multipart";
  return essence.startsWith("text/") ? "text" : undefined;
}
