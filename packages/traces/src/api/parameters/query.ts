import { ThroughlineError } from "@throughline/api/errors";

/** The query string of a request. Names and values are percent-decoded, `+` is a space. */
export class QueryParameters {
  private readonly values: ReadonlyMap<string, readonly string[]>;

  private constructor(values: ReadonlyMap<string, readonly string[]>) {
    this.values = values;
  }

  /** `url`: request target. Throws TL_PARAMETER_INVALID where it is not percent-encoded UTF-8. */
  static of(url: string): QueryParameters {
    const values = new Map<string, string[]>();
    const at = url.indexOf("?");
    for (const pair of at < 0 ? [] : url.slice(at + 1).split("&")) {
      if (pair === "") continue;
      const equals = pair.indexOf("=");
      const name = decode(equals < 0 ? pair : pair.slice(0, equals));
      const value = equals < 0 ? "" : decode(pair.slice(equals + 1));
      const known = values.get(name);
      if (known === undefined) values.set(name, [value]);
      else known.push(value);
    }
    return new QueryParameters(values);
  }

  /** The first value of the first name that has one; an empty value counts as none. */
  first(...names: readonly string[]): string | undefined {
    for (const name of names) {
      const [value] = this.values.get(name) ?? [];
      if (value !== undefined && value !== "") return value;
    }
    return undefined;
  }

  all(name: string): readonly string[] {
    return this.values.get(name) ?? [];
  }

  without(...names: readonly string[]): QueryParameters {
    return new QueryParameters(new Map([...this.values].filter(([name]) => !names.includes(name))));
  }

  with(name: string, value: string): QueryParameters {
    return new QueryParameters(new Map([...this.values, [name, [value]]]));
  }

  /** With its question mark, safe in a header; empty for no parameters. */
  toString(): string {
    const pairs = [...this.values].flatMap(([name, values]) =>
      values.map((value) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`),
    );
    return pairs.length === 0 ? "" : `?${pairs.join("&")}`;
  }

  names(): readonly string[] {
    return [...this.values.keys()];
  }
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll("+", " "));
  } catch (cause) {
    if (!(cause instanceof URIError)) throw cause;
    throw new ThroughlineError("TL_PARAMETER_INVALID", "The query string is not percent-encoded UTF-8.", {
      cause,
    });
  }
}

/** An error about one parameter. `problem` follows its name in a sentence: "must be ...". */
export function wrongParameter(name: string, problem: string): ThroughlineError {
  return new ThroughlineError("TL_PARAMETER_INVALID", `Parameter '${name}' ${problem}.`, {
    fields: [{ field: name, message: problem }],
  });
}
