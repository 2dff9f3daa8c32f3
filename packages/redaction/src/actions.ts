import { createHmac } from "node:crypto";
import type { Action } from "./action.ts";
import type { RedactorOptions } from "./options.ts";

/** Base64 characters of a token: 96 bits, far from colliding by chance. */
const tokenLength = 16;

export interface Actions {
  /** Of rules that name none. */
  standard: Action;
  placeholder: string;
  of(action: Action | undefined): Action;
  /** undefined: nothing stays. */
  apply(action: Action, value: string): string | undefined;
}

export function createActions({ action, hmacKey }: RedactorOptions): Actions {
  const standard = action ?? { kind: "redact" };
  const placeholder = "[REDACTED]";
  return {
    standard,
    placeholder,
    of: (own) => own ?? standard,
    apply: (own, value) => {
      switch (own.kind) {
        case "redact":
          return placeholder;
        case "drop":
          return undefined;
        case "cut":
          // A cut between two surrogates would leave half a character.
          return value.length <= own.length
            ? value
            : value.slice(0, own.length).replace(/[\uD800-\uDBFF]$/, "");
        case "hmac":
          if (hmacKey === undefined) return placeholder;
          return `[HMAC:${createHmac("sha256", hmacKey).update(value).digest("base64url").slice(0, tokenLength)}]`;
      }
    },
  };
}
