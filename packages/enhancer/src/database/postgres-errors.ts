import { ThroughlineError } from "@throughline/api";

/** The server is away, going or coming (08, 57P), full (53300), or does not let us in (28, 3D000). */
const outage = /^(?:08|28|57P0|53300|3D000)/;

/** An outage is TL_DATABASE_UNAVAILABLE: whoever asked may ask again later. Everything else stays what it was. */
export function explainPostgresError(error: unknown, where: string): unknown {
  if (error instanceof ThroughlineError || !(error instanceof Error)) return error;
  const code = "code" in error && typeof error.code === "string" ? error.code : "";
  const isServers = /^[0-9A-Z]{5}$/.test(code);
  const isOutage = isServers ? outage.test(code) : isConnectionError(error, code);
  if (!isOutage) return error;
  const [first] = error instanceof AggregateError ? (error.errors as Error[]) : [];
  return new ThroughlineError(
    "TL_DATABASE_UNAVAILABLE",
    `${where} cannot be used: ${error.message || (first?.message ?? code)}.`,
    { cause: error },
  );
}

function isConnectionError(error: Error, code: string): boolean {
  return (
    /^E[A-Z_]+$/.test(code) ||
    /CERT|TLS|SSL/.test(code) ||
    /terminated|timeout|connection|SSL|pool after calling end/i.test(error.message)
  );
}
