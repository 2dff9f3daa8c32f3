import type { Redactor } from "@throughline/redaction";
import type {
  AttributeValue,
  EventRecord,
  KeyValue,
  LinkRecord,
  ResourceRecord,
  ScopeRecord,
  SpanRecord,
} from "./model.ts";

const hidden = "[REDACTED]";
/** Distinct (key, value) pairs remembered, and the longest value worth remembering. */
const memoLimit = 50_000;
const memoValueLimit = 512;

/**
 * Spans that passed the redactor. Only `BatchRedactor` makes one, and the store takes nothing else, so nothing
 * unredacted can reach a disk.
 */
export class RedactedBatch {
  readonly spans: readonly SpanRecord[];

  private constructor(spans: readonly SpanRecord[]) {
    this.spans = spans;
  }

  static redact(spans: readonly SpanRecord[], redactor: BatchRedactor): RedactedBatch {
    return new RedactedBatch(redactor.spans(spans));
  }
}

/**
 * Walks every string of a span: names, status, events, links, trace state, resource, scope, attribute keys and
 * values at any depth. Each distinct (key, value) is looked at once while it is remembered.
 */
export class BatchRedactor {
  /** Values that were dropped because a rule failed on them. */
  failures = 0;
  private readonly redactor: Redactor;
  private readonly memo = new Map<string, Map<string, string | undefined>>();
  private remembered = 0;

  constructor(redactor: Redactor) {
    this.redactor = redactor;
  }

  /** Copies; spans that share a resource or scope object share it afterwards. */
  spans(spans: readonly SpanRecord[]): SpanRecord[] {
    const resources = new Map<ResourceRecord, ResourceRecord>();
    const scopes = new Map<ScopeRecord, ScopeRecord>();
    return spans.map((span) => ({
      ...span,
      name: this.text(span.name),
      traceState: this.text(span.traceState),
      statusMessage: this.text(span.statusMessage),
      attributes: this.attributes(span.attributes),
      events: span.events.map((event) => this.event(event)),
      links: span.links.map((link) => this.link(link)),
      resource: once(resources, span.resource, (resource) => this.resource(resource)),
      scope: once(scopes, span.scope, (scope) => this.scope(scope)),
    }));
  }

  private resource(resource: ResourceRecord): ResourceRecord {
    const { attributes, schemaUrl } = resource;
    return { ...resource, attributes: this.attributes(attributes), schemaUrl: this.text(schemaUrl) };
  }

  private scope(scope: ScopeRecord): ScopeRecord {
    return {
      ...scope,
      name: this.text(scope.name),
      version: this.text(scope.version),
      attributes: this.attributes(scope.attributes),
      schemaUrl: this.text(scope.schemaUrl),
    };
  }

  private event(event: EventRecord): EventRecord {
    return { ...event, name: this.text(event.name), attributes: this.attributes(event.attributes) };
  }

  private link(link: LinkRecord): LinkRecord {
    return {
      ...link,
      traceState: this.text(link.traceState),
      attributes: this.attributes(link.attributes),
    };
  }

  private attributes(attributes: readonly KeyValue[]): KeyValue[] {
    return attributes.flatMap(({ key, value }) => {
      const clean = this.value(key, value);
      return clean === undefined ? [] : [{ key: this.text(key), value: clean }];
    });
  }

  /**
   * Numbers and truth values say nothing secret; any other value under a sensitive key is hidden as a whole. undefined: a rule says that
   * nothing of it may stay.
   */
  private value(key: string, value: AttributeValue): AttributeValue | undefined {
    switch (value.type) {
      case "bool":
      case "int":
      case "double":
      case "empty":
        return value;
      case "string":
        return asString(this.string(key, value.value));
      case "bytes":
        return this.isSensitive(key) ? asString(this.string(key, "")) : value;
      case "array":
        if (this.isSensitive(key)) return asString(this.string(key, ""));
        return { type: "array", value: value.value.flatMap((item) => this.value(key, item) ?? []) };
      case "map":
        if (this.isSensitive(key)) return asString(this.string(key, ""));
        return { type: "map", value: this.attributes(value.value) };
    }
  }

  private text(text: string): string {
    return text === "" ? text : (this.remember("", text, () => this.redactor.text(text)) ?? hidden);
  }

  private string(key: string, value: string): string | undefined {
    // The empty key stands for free text in the memo; a nameless attribute is treated as such.
    return key === "" ? this.text(value) : this.remember(key, value, () => this.redactor.string(key, value));
  }

  private isSensitive(key: string): boolean {
    return this.closed(true, () => this.redactor.isSensitiveKey(key));
  }

  private remember(key: string, value: string, redact: () => string | undefined): string | undefined {
    if (value.length > memoValueLimit || key.length > memoValueLimit) return this.closed(hidden, redact);
    let values = this.memo.get(key);
    const known = values?.get(value);
    if (known !== undefined || values?.has(value) === true) return known;
    if (this.remembered >= memoLimit) {
      this.memo.clear();
      this.remembered = 0;
      values = undefined;
    }
    if (values === undefined) {
      values = new Map();
      this.memo.set(key, values);
    }
    const redacted = this.closed(hidden, redact);
    values.set(value, redacted);
    this.remembered++;
    return redacted;
  }

  /** A rule that fails never lets its input through: `safe` takes its place. */
  private closed<T>(safe: T, apply: () => T): T {
    try {
      return apply();
    } catch {
      this.failures++;
      return safe;
    }
  }
}

function asString(value: string | undefined): AttributeValue | undefined {
  return value === undefined ? undefined : { type: "string", value };
}

function once<T extends object>(done: Map<T, T>, value: T, make: (value: T) => T): T {
  let made = done.get(value);
  if (made === undefined) {
    made = make(value);
    done.set(value, made);
  }
  return made;
}
