import { parseRatio, TracingConfigError, type Variables, wrong } from "./values.ts";

/** Which traces are exported; `parentBased`: what a parent decided stands. */
export type SamplerConfig = { parentBased: boolean } & (
  | { kind: "ratio"; ratio: number }
  | { kind: "rules"; rules: readonly SamplingRule[] }
  | { kind: "jaeger_remote"; endpoint: string; pollingIntervalMs: number; initialRatio: number }
);

/** The first rule whose conditions all hold decides. */
export interface SamplingRule {
  conditions: readonly { attribute: string; pattern: string }[];
  ratio: number;
}

const names = [
  "always_on",
  "always_off",
  "traceidratio",
  "parentbased_always_on",
  "parentbased_always_off",
  "parentbased_traceidratio",
  "jaeger_remote",
  "parentbased_jaeger_remote",
  "rules",
  "parentbased_rules",
] as const;

const argument = "OTEL_TRACES_SAMPLER_ARG";

/** `defaultRatio` stands where no argument is given. */
export function samplerConfig(variables: Variables, defaultRatio: number): SamplerConfig {
  const name = variables.oneOf(names, "parentbased_traceidratio", "OTEL_TRACES_SAMPLER");
  const parentBased = name.startsWith("parentbased_");
  switch (name.replace("parentbased_", "")) {
    case "always_on":
      return { parentBased, kind: "ratio", ratio: 1 };
    case "always_off":
      return { parentBased, kind: "ratio", ratio: 0 };
    case "jaeger_remote":
      return { parentBased, kind: "jaeger_remote", ...jaegerRemote(variables.text(argument) ?? "") };
    case "rules":
      return { parentBased, kind: "rules", rules: rules(variables.text(argument)) };
    default:
      return { parentBased, kind: "ratio", ratio: variables.ratio(argument, defaultRatio) };
  }
}

/** `endpoint=http://localhost:14250,pollingIntervalMs=5000,initialSamplingRate=0.25` */
function jaegerRemote(text: string) {
  const given = new Map<string, string>();
  for (const part of text.split(",").filter((item) => item.trim() !== "")) {
    const [key = "", ...value] = part.split("=");
    given.set(key.trim(), value.join("=").trim());
  }
  const endpoint = given.get("endpoint") ?? "http://localhost:14250";
  const polling = given.get("pollingIntervalMs") ?? "60000";
  const allowed = "endpoint=http://host:port,pollingIntervalMs=N,initialSamplingRate=0..1";
  const unknown = [...given.keys()].find(
    (key) => !["endpoint", "pollingIntervalMs", "initialSamplingRate"].includes(key),
  );
  const url = /^[a-z]+:\/\//i.test(endpoint) ? endpoint : `http://${endpoint}`;
  if (unknown !== undefined || !URL.canParse(url) || !/^\d+$/.test(polling) || Number(polling) < 1)
    throw wrong(argument, text, allowed);
  return {
    endpoint: new URL(url).origin,
    pollingIntervalMs: Number(polling),
    initialRatio: parseRatio(argument, given.get("initialSamplingRate") ?? "0.001"),
  };
}

const shortNames: Readonly<Record<string, string>> = {
  priority: "ticket.priority",
  tenant: "tenant.id",
  route: "http.route",
  service: "service.name",
};

/** `priority=critical:1, route=/healthz:0, tenant=acme&priority=low:0.01, *:0.1` */
function rules(text: string | undefined): SamplingRule[] {
  const example = 'rules such as "priority=critical:1, tenant=acme&route=/webhook/*:0.5, *:0.1"';
  if (text === undefined) throw new TracingConfigError(`${argument} is not set: expected ${example}.`);
  return text.split(",").map((part) => {
    const rule = part.trim();
    const colon = rule.lastIndexOf(":");
    if (colon < 1) throw wrong(argument, rule, example);
    const ratio = parseRatio(argument, rule.slice(colon + 1).trim());
    const conditions = rule.slice(0, colon).trim();
    if (conditions === "*") return { conditions: [], ratio };
    return {
      ratio,
      conditions: conditions.split("&").map((condition) => {
        const equals = condition.indexOf("=");
        const [key, pattern] = [
          condition.slice(0, Math.max(0, equals)).trim(),
          condition.slice(equals + 1).trim(),
        ];
        const attribute = shortNames[key] ?? (key.includes(".") ? key : undefined);
        if (attribute === undefined || pattern === "") throw wrong(argument, rule, example);
        return { attribute, pattern };
      }),
    };
  });
}
