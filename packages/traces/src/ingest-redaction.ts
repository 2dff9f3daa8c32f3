import type { Redactor } from "@throughline/redaction";
import type { AttributeValue, KeyValue } from "./model.ts";

const hidden = "[REDACTED]";

/** What every string goes through on its way into the store: `store/head/dictionary.ts` has no other entrance. */
export interface ValueCleaner {
  /** Free text: names, messages, trace state. */
  text(text: string): string;
  /** undefined: nothing of it may stay. */
  attribute(attribute: KeyValue): KeyValue | undefined;
}

/** For spans that come from the store itself, hence passed the redactor before. */
export const alreadyClean: ValueCleaner = {
  text: (text) => text,
  attribute: (attribute) => attribute,
};

/** Attributes at any depth, keys and values, by the rules of a redactor. A rule that fails never lets its input through. */
export class ValueRedactor implements ValueCleaner {
  /** Values that were dropped because a rule failed on them. */
  failures = 0;
  private readonly redactor: Redactor;

  constructor(redactor: Redactor) {
    this.redactor = redactor;
  }

  text(text: string): string {
    return text === "" ? text : this.closed(hidden, () => this.redactor.text(text));
  }

  attribute({ key, value }: KeyValue): KeyValue | undefined {
    const clean = this.value(key, value);
    return clean === undefined ? undefined : { key: this.text(key), value: clean };
  }

  /** Numbers and truth values say nothing secret; any other value under a sensitive key is hidden as a whole. */
  private value(key: string, value: AttributeValue): AttributeValue | undefined {
    switch (value.type) {
      case "bool":
      case "int":
      case "double":
      case "empty":
        return value;
      case "string":
        return this.string(key, value.value);
      case "bytes":
        return this.isSensitive(key) ? this.string(key, "") : value;
      case "array":
        if (this.isSensitive(key)) return this.string(key, "");
        return { type: "array", value: value.value.flatMap((item) => this.value(key, item) ?? []) };
      case "map":
        if (this.isSensitive(key)) return this.string(key, "");
        return { type: "map", value: value.value.flatMap((entry) => this.attribute(entry) ?? []) };
    }
  }

  /** A nameless attribute is free text. */
  private string(key: string, value: string): AttributeValue | undefined {
    const clean: string | undefined =
      key === "" ? this.text(value) : this.closed(hidden, () => this.redactor.string(key, value));
    return clean === undefined ? undefined : { type: "string", value: clean };
  }

  private isSensitive(key: string): boolean {
    return this.closed(true, () => this.redactor.isSensitiveKey(key));
  }

  private closed<T>(safe: T, apply: () => T): T {
    try {
      return apply();
    } catch {
      this.failures++;
      return safe;
    }
  }
}
