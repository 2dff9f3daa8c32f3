/** By OTLP's numbers. */
export const kindNames = ["unspecified", "internal", "server", "client", "producer", "consumer"] as const;
export const statusNames = ["unset", "ok", "error"] as const;
