import type { TlsFiles } from "@throughline/traces";
import { flagOf, missingSetting, type Settings } from "../config.ts";

/** The files of `--tls-...` or `--console-tls-...`; undefined where there is no TLS. Throws TL_SETTING_INVALID where one is missing. */
export function tlsFiles(settings: Settings, prefix: "tls" | "consoleTls"): TlsFiles | undefined {
  const { [`${prefix}Cert` as const]: cert } = settings;
  const { [`${prefix}Key` as const]: key } = settings;
  const { [`${prefix}ClientCa` as const]: clientCa } = settings;
  if (cert === undefined && key === undefined && clientCa === undefined) return undefined;
  if (cert === undefined) throw missingSetting(flagOf(`${prefix}Cert`));
  if (key === undefined) throw missingSetting(flagOf(`${prefix}Key`));
  return { cert, key, clientCa };
}
