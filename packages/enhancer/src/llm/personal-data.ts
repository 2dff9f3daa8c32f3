import { createRedactor } from "@throughline/redaction";

/** What a tenant may keep from models, beside credentials, which never reach one. */
export const personalKinds = ["email", "phone", "ip", "name"] as const;
export type PersonalKind = (typeof personalKinds)[number];

type Hide = (text: string) => string;
const shapes = ["email", "phone", "ip"] as const;
/** A shorter part of a name is a word as often as a name. */
const shortestName = 3;

/**
 * Hides personal data in what a model is asked. Mail addresses, telephone numbers and IP addresses are told by their look; of names
 * those of the requester, as the desk has them, whole and in parts.
 */
export class PersonalData {
  private readonly byShape = new Map<string, Hide>();

  hider(kinds: readonly PersonalKind[], names: readonly string[]): Hide {
    const wanted = shapes.filter((shape) => kinds.includes(shape));
    const key = wanted.join();
    const hideShapes = this.byShape.get(key) ?? shapeHider(wanted);
    this.byShape.set(key, hideShapes);
    const hideNames = kinds.includes("name") ? nameHider(names) : undefined;
    return hideNames === undefined ? hideShapes : (text) => hideNames(hideShapes(text));
  }
}

function shapeHider(optIn: readonly (typeof shapes)[number][]): Hide {
  if (optIn.length === 0) return (text) => text;
  const redactor = createRedactor({ optIn });
  return (text) => redactor.text(text);
}

function nameHider(names: readonly string[]): Hide | undefined {
  const parts = names.flatMap((name) => [name.trim(), ...name.split(/[^\p{L}\p{M}'’-]+/u)]);
  const known = [...new Set(parts)]
    .filter((part) => part.length >= shortestName)
    .sort((a, b) => b.length - a.length);
  if (known.length === 0) return undefined;
  const any = known.map((name) => name.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&")).join("|");
  const pattern = new RegExp(`(?<![\\p{L}\\p{M}\\d])(?:${any})(?![\\p{L}\\p{M}\\d])`, "giu");
  return (text) => text.replace(pattern, "[REDACTED]");
}
