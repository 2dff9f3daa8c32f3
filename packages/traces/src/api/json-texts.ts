/**
 * JSON of values that come again and again, made once for each: spans of a trace share their attributes. Forgets when it is large, so that
 * values of which there is one each cost no memory.
 */
export class Texts<T> {
  private readonly made = new Map<T, string>();
  private readonly make: (value: T) => string;

  constructor(make: (value: T) => string) {
    this.make = make;
  }

  of(value: T): string {
    let text = this.made.get(value);
    if (text === undefined) {
      if (this.made.size >= valuesAtMost) this.made.clear();
      this.made.set(value, (text = this.make(value)));
    }
    return text;
  }

  list(values: readonly T[]): string {
    let text = "[";
    for (let at = 0; at < values.length; at++) text += (at === 0 ? "" : ",") + this.of(values[at] as T);
    return `${text}]`;
  }
}

const valuesAtMost = 50_000;
