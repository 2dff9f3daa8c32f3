import { ThroughlineError } from "@throughline/api";
import { existsSync, readFileSync } from "node:fs";
import { parseEnv } from "node:util";
import { z } from "zod";
import { loginSettings } from "./login/settings.ts";
import {
  address,
  bytes,
  count,
  duration,
  networks,
  optionalText,
  origins,
  remoteStorage,
} from "./runtime/setting-values.ts";

/** Environment of the process over `.env` in the working directory. The only place that reads either. */
export function readEnvironment(): Readonly<Record<string, string | undefined>> {
  const file = existsSync(".env") ? parseEnv(readFileSync(".env", "utf8")) : {};
  return Object.freeze({ ...file, ...process.env });
}

/** One row per setting: the flag is its name in kebab case, the variable THROUGHLINE_ and its name in capitals. */
export const settingsSchema = z.object({
  data: z.string().min(1, "expected a directory").default(".throughline"),
  readyFile: optionalText,
  postgres: z
    .url({ protocol: /^postgres(?:ql)?$/, error: "expected postgres://user@host:5432/database" })
    .optional(),
  redis: z
    .string()
    .regex(
      /^rediss?(\+(sentinel|cluster))?:\/\//,
      "expected redis://host:6379, redis+sentinel://h1,h2/master or redis+cluster://h1,h2",
    )
    .optional(),
  concurrency: count(4),
  tenantConcurrency: count(64),
  jobLimit: duration("120s"),
  keepJobs: duration("7d"),
  keepJobsCount: count(100_000),
  keepDeliveries: duration("7d"),
  logKeep: duration("7d"),
  logBytes: bytes().default(1_000_000_000),
  webhook: address("127.0.0.1:8000"),
  trustedProxies: networks(),
  webhookMaxBody: bytes().default(1_048_576),
  webhookHeaderTimeout: duration("10s"),
  webhookBodyTimeout: duration("30s"),
  webhookConnectionsPerAddress: count(1_000),
  webhookFailuresPerMinute: count(120),
  admin: address("127.0.0.1:8001"),
  console: address("127.0.0.1:16686"),
  otlpGrpc: address("127.0.0.1:4317"),
  otlpHttp: address("127.0.0.1:4318"),
  queryGrpc: address("127.0.0.1:16685"),
  zipkin: address("127.0.0.1:9411"),
  jaegerCompact: address("127.0.0.1:6831"),
  jaegerBinary: address("127.0.0.1:6832"),
  jaegerThrift: address("127.0.0.1:14268"),
  deskSync: duration("1h"),
  publicUrl: z
    .url({ protocol: /^https?$/, error: "expected an http or https address" })
    .transform((url) => url.replace(/\/+$/, ""))
    .optional(),
  enhancer: z
    .url({ protocol: /^https?$/, error: "expected an http or https address" })
    .transform((url) => url.replace(/\/+$/, ""))
    .optional(),
  enhancerTokenFile: optionalText,
  ui: optionalText,
  uiConfig: optionalText,
  storage: z.string().default("local").transform(remoteStorage),
  storageCaFile: optionalText,
  storageTokenFile: optionalText,
  retention: duration("72h"),
  maxBytes: bytes().optional(),
  durability: z.enum(["fsync", "os"], { error: "expected fsync or os" }).default("fsync"),
  corsOrigins: origins(),
  tlsCert: optionalText,
  tlsKey: optionalText,
  tlsClientCa: optionalText,
  consoleTlsCert: optionalText,
  consoleTlsKey: optionalText,
  consoleTlsClientCa: optionalText,
  ...loginSettings,
  access: z.enum(["auto", "token", "open"], { error: "expected auto, token or open" }).default("auto"),
  consoleAccess: z.enum(["auto", "token", "open"], { error: "expected auto, token or open" }).optional(),
  slowThreshold: duration("60s"),
  redactionRules: optionalText,
  prices: optionalText,
  notes: z.enum(["on", "off"], { error: "expected on or off" }).default("on"),
});
export type Settings = z.infer<typeof settingsSchema>;
export type SettingName = keyof Settings;
export type Flags = Readonly<Record<string, unknown>>;

export const modelSchema = z.object({
  apiKey: z.string().min(1),
  baseUrl: z.url({ protocol: /^https?$/, error: "expected an http or https address" }).optional(),
  model: z.string().min(1).default("gpt-4o-mini"),
});
export type ModelSettings = z.infer<typeof modelSchema> & { baseUrl: string | undefined };

export const settingNames = Object.keys(settingsSchema.shape) as readonly SettingName[];

export function flagOf(name: string): string {
  return `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

export function variableOf(name: string): string {
  return `THROUGHLINE_${name.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`;
}

/**
 * Flag over environment over `.env` over default, parsed once and frozen.
 * Throws TL_SETTING_INVALID naming the flag or variable, its value and what was expected.
 */
export function readSettings(
  flags: Flags,
  environment: Readonly<Record<string, string | undefined>>,
  defaults: Readonly<Partial<Record<SettingName, string>>> = {},
): Settings {
  const raw: Record<string, string> = {};
  const sources: Record<string, string> = {};
  for (const name of settingNames) {
    const flag = flags[name];
    const variable = environment[variableOf(name)];
    const fallback = defaults[name];
    if (typeof flag === "string") [raw[name], sources[name]] = [flag, flagOf(name)];
    else if (variable !== undefined && variable !== "")
      [raw[name], sources[name]] = [variable, variableOf(name)];
    else if (fallback !== undefined) [raw[name], sources[name]] = [fallback, flagOf(name)];
  }
  const parsed = settingsSchema.safeParse(raw);
  if (parsed.success) return Object.freeze(parsed.data);
  const issue = parsed.error.issues[0];
  const name = String(issue?.path[0]);
  throw invalidSetting(sources[name] ?? flagOf(name), raw[name], issue?.message ?? "is wrong");
}

/** Rules of what never leaves, as the file holds them, and the key of keyed tokens. */
export interface RedactionRules {
  file: string | undefined;
  rules: string | undefined;
  hmacKey: string | undefined;
}

/** The file of --redaction-rules and THROUGHLINE_REDACTION_KEY. Throws TL_SETTING_INVALID. */
export function readRedactionRules(
  { redactionRules: file }: Pick<Settings, "redactionRules">,
  environment: Readonly<Record<string, string | undefined>>,
): RedactionRules {
  const hmacKey = environment["THROUGHLINE_REDACTION_KEY"]?.trim() || undefined;
  if (hmacKey !== undefined && hmacKey.length < 16)
    throw new ThroughlineError(
      "TL_SETTING_INVALID",
      "THROUGHLINE_REDACTION_KEY: expected 16 characters at least.",
    );
  if (file === undefined) return { file, rules: undefined, hmacKey };
  try {
    return { file, rules: readFileSync(file, "utf8"), hmacKey };
  } catch (cause) {
    throw new ThroughlineError(
      "TL_SETTING_INVALID",
      `--redaction-rules is "${file}": the file cannot be read.`,
      { cause },
    );
  }
}

/** A bearer token, as its file holds it. Throws TL_SETTING_INVALID. */
export function readTokenFile(file: string): string {
  try {
    return readFileSync(file, "utf8").trim();
  } catch (cause) {
    throw new ThroughlineError(
      "TL_SETTING_INVALID",
      `--enhancer-token-file is "${file}": the file cannot be read.`,
      {
        cause,
      },
    );
  }
}

/** Prices of models beside the built-in ones, as the file of --prices holds them. Throws TL_SETTING_INVALID. */
export function readPriceFile({
  prices: file,
}: Pick<Settings, "prices">): { file: string; text: string } | undefined {
  if (file === undefined) return undefined;
  try {
    return { file, text: readFileSync(file, "utf8") };
  } catch (cause) {
    throw new ThroughlineError("TL_SETTING_INVALID", `--prices is "${file}": the file cannot be read.`, {
      cause,
    });
  }
}

export const modelVariables = {
  apiKey: "OPENAI_API_KEY",
  baseUrl: "OPENAI_BASE_URL",
  model: "OPENAI_MODEL",
} as const;
export const fallbackVariables = {
  apiKey: "OPENAI_FALLBACK_API_KEY",
  baseUrl: "OPENAI_FALLBACK_BASE_URL",
  model: "OPENAI_FALLBACK_MODEL",
} as const;
type ModelVariables = typeof modelVariables | typeof fallbackVariables;

/** The model from OPENAI_* and the one that is asked where it fails, OPENAI_FALLBACK_*; none where no key is set. Throws TL_SETTING_INVALID. */
export function readModelSettings(
  environment: Readonly<Record<string, string | undefined>>,
): readonly ModelSettings[] {
  const value = (name: string) => environment[name]?.trim() || undefined;
  const apiKey = value(modelVariables.apiKey);
  if (apiKey === undefined) {
    const others = ["OPENAI_BASE_URL", "OPENAI_MODEL", ...Object.values(fallbackVariables)];
    const named = others.find((name) => value(name) !== undefined);
    if (named === undefined) return [];
    throw new ThroughlineError(
      "TL_SETTING_INVALID",
      `${named} is set but OPENAI_API_KEY is not: set it too (any text where the server asks for none), or unset ${named}.`,
    );
  }
  const first = parseModel(
    { apiKey, baseUrl: value(modelVariables.baseUrl), model: value(modelVariables.model) },
    modelVariables,
  );
  const model = value(fallbackVariables.model);
  if (model === undefined) {
    const named = [fallbackVariables.apiKey, fallbackVariables.baseUrl].find(
      (name) => value(name) !== undefined,
    );
    if (named === undefined) return [first];
    throw new ThroughlineError(
      "TL_SETTING_INVALID",
      `${named} is set but OPENAI_FALLBACK_MODEL is not: name the model, or unset ${named}.`,
    );
  }
  const fallback = {
    apiKey: value(fallbackVariables.apiKey) ?? first.apiKey,
    baseUrl: value(fallbackVariables.baseUrl) ?? first.baseUrl,
    model,
  };
  return [first, parseModel(fallback, fallbackVariables)];
}

function parseModel(
  given: { apiKey: string; baseUrl: string | undefined; model: string | undefined },
  variables: ModelVariables,
): ModelSettings {
  const parsed = modelSchema.safeParse(given);
  if (parsed.success) return Object.freeze({ ...parsed.data, baseUrl: parsed.data.baseUrl });
  const issue = parsed.error.issues[0];
  const name = issue?.path[0] as keyof ModelVariables;
  throw invalidSetting(
    variables[name],
    name === "apiKey" ? undefined : given[name],
    issue?.message ?? "is wrong",
  );
}

export function missingSetting(flag: string): ThroughlineError {
  return new ThroughlineError(
    "TL_SETTING_INVALID",
    `${flag} (or ${variableOf(camelCase(flag))}) is required.`,
  );
}

function camelCase(flag: string): string {
  return flag.replace(/^--/, "").replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());
}

export function invalidSetting(
  source: string,
  value: string | undefined,
  expected: string,
): ThroughlineError {
  // A password in a URL is nobody's business; neither is one that makes the URL unreadable.
  const shown = value === undefined ? "" : ` is "${value.replace(/\/\/.*@/s, "//***@")}"`;
  return new ThroughlineError("TL_SETTING_INVALID", `${source}${shown}: ${expected}.`);
}
