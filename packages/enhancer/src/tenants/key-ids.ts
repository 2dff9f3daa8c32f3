import { join } from "node:path";
import { envelopeKeys } from "./envelope-keys.ts";

/** The key in use: its id, and where it is kept; null where no secret was ever sealed. `given`: of the environment. */
export function tenantsKeyOf(
  dataDirectory: string,
  given: readonly Buffer[],
): { id: string; file: string } | null {
  const keys = envelopeKeys(join(dataDirectory, "tenants.key"), given);
  const present = keys.present();
  return present === undefined ? null : { id: present.id, file: keys.source };
}

/** undefined where there is no such file. Throws TL_TENANTS_KEY_WRONG for one that holds no key. */
export function keyIdOfFile(file: string): string | undefined {
  return envelopeKeys(file).present()?.id;
}

export function keyIdsOf(given: readonly Buffer[]): string[] {
  return given.flatMap((key) => envelopeKeys("", [key]).present()?.id ?? []);
}
