/** What is done about a secret: `[REDACTED]`, a keyed token that still joins, nothing left, or its first characters. */
export type Action =
  | { kind: "redact" }
  | { kind: "hmac" }
  | { kind: "drop" }
  | { kind: "cut"; length: number };
