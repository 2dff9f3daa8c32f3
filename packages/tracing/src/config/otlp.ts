import { readFileSync } from "node:fs";
import { parsePairs, TracingConfigError, type Variables, wrong } from "./values.ts";

const protocols = ["grpc", "http/protobuf", "http/json"] as const;

/** How spans reach an OTLP receiver (specification, "OpenTelemetry Protocol Exporter"); a variable of traces beats the general one. */
export interface OtlpConfig {
  protocol: (typeof protocols)[number];
  /** With its path where the protocol is HTTP; undefined where the environment names none. */
  endpoint: string | undefined;
  /** Sent with each request; lower-case names. They hold credentials. */
  headers: Readonly<Record<string, string>>;
  compression: "none" | "gzip";
  /** Milliseconds for one request; 0: no limit. */
  timeoutMs: number;
  /** PEM texts. */
  tls: { ca?: string; cert?: string; key?: string };
}

export function otlpConfig(variables: Variables): OtlpConfig {
  const protocol = variables.oneOf(protocols, "grpc", ...names("PROTOCOL"));
  return {
    protocol,
    endpoint: protocol === "grpc" ? grpcEndpoint(variables) : httpEndpoint(variables),
    headers: headers(variables),
    compression: variables.oneOf(["none", "gzip"], "none", ...names("COMPRESSION")),
    timeoutMs: variables.whole(10_000, 0, ...names("TIMEOUT")),
    tls: tls(variables),
  };
}

function names(what: string): [string, string] {
  return [`OTEL_EXPORTER_OTLP_TRACES_${what}`, `OTEL_EXPORTER_OTLP_${what}`];
}

/** A scheme decides on TLS; without one, OTEL_EXPORTER_OTLP_INSECURE does. */
function grpcEndpoint(variables: Variables): string | undefined {
  const insecure = variables.boolean(...names("INSECURE"));
  const set = variables.first(...names("ENDPOINT"));
  if (set === undefined) return undefined;
  const hasScheme = /^[a-z][a-z0-9+.-]*:\/\//i.test(set.value);
  const url = parseUrl(
    set.name,
    hasScheme ? set.value : `${insecure ? "http" : "https"}://${set.value}`,
    set.value,
  );
  // A method's name is the path of gRPC: one that stands here has no meaning.
  return url.origin;
}

function httpEndpoint(variables: Variables): string | undefined {
  const [ofTraces, general] = names("ENDPOINT");
  const own = variables.text(ofTraces);
  if (own !== undefined) return withoutUser(parseUrl(ofTraces, own, own)).href;
  const value = variables.text(general);
  if (value === undefined) return undefined;
  const url = withoutUser(parseUrl(general, value, value));
  url.pathname = `${url.pathname.replace(/\/+$/, "")}/v1/traces`;
  return url.href;
}

function parseUrl(name: string, value: string, given: string): URL {
  if (!URL.canParse(value) || !/^https?:$/.test(new URL(value).protocol))
    throw wrong(name, given, "http://host:port or https://host:port");
  return new URL(value);
}

/** A name and password in the address would be sent to nobody: they belong into the headers. */
function withoutUser(url: URL): URL {
  if (url.username === "" && url.password === "") return url;
  throw new TracingConfigError(
    `OTEL_EXPORTER_OTLP_ENDPOINT holds a user name: put credentials into OTEL_EXPORTER_OTLP_HEADERS.`,
  );
}

function headers(variables: Variables): Record<string, string> {
  const set = variables.first(...names("HEADERS"));
  if (set === undefined) return {};
  const given = Object.entries(parsePairs(set.name, set.value));
  for (const [name, value] of given) {
    const isHeader =
      /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name) && /^[\t\u0020-\u007e\u0080-\u00ff]*$/.test(value);
    if (!isHeader)
      throw new TracingConfigError(`${set.name}: "${name.slice(0, 40)}" or its value is no HTTP header.`);
  }
  return Object.fromEntries(given.map(([name, value]) => [name.toLowerCase(), value]));
}

function tls(variables: Variables): OtlpConfig["tls"] {
  const ca = pem(variables, "CERTIFICATE");
  const cert = pem(variables, "CLIENT_CERTIFICATE");
  const key = pem(variables, "CLIENT_KEY");
  if ((cert === undefined) !== (key === undefined)) {
    const [set, missing] = cert === undefined ? ["KEY", "CERTIFICATE"] : ["CERTIFICATE", "KEY"];
    throw new TracingConfigError(
      `OTEL_EXPORTER_OTLP_CLIENT_${set} is set without OTEL_EXPORTER_OTLP_CLIENT_${missing}: a client certificate needs both.`,
    );
  }
  return {
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
  };
}

function pem(variables: Variables, what: string): string | undefined {
  const set = variables.first(...names(what));
  if (set === undefined) return undefined;
  let text: string;
  try {
    text = readFileSync(set.value, "utf8");
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    throw new TracingConfigError(
      `${set.name} is "${set.value}": the file cannot be read (${code ?? String(cause)}).`,
      {
        cause,
      },
    );
  }
  if (!text.includes("-----BEGIN ")) throw wrong(set.name, set.value, "a file in PEM format");
  return text;
}
