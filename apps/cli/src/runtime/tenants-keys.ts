import { ThroughlineError } from "@throughline/api";

/**
 * Keys of THROUGHLINE_TENANTS_KEY, in place of the file `tenants.key`: 32 bytes each as base64 or hex, separated by commas; the first
 * seals, all open. Throws TL_SETTING_INVALID, without the value.
 */
export function readTenantsKeys(environment: Readonly<Record<string, string | undefined>>): Buffer[] {
  const text = environment["THROUGHLINE_TENANTS_KEY"]?.trim() ?? "";
  if (text === "") return [];
  return text.split(",").map((part) => {
    const isHex = /^[0-9a-f]{64}$/i.test(part.trim());
    const key = Buffer.from(part.trim(), isHex ? "hex" : "base64");
    if (key.length === 32) return key;
    throw new ThroughlineError(
      "TL_SETTING_INVALID",
      "THROUGHLINE_TENANTS_KEY: expected 32 bytes as base64 or hex (`openssl rand -base64 32` makes some), several separated by commas.",
    );
  });
}
