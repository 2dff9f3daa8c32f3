/** The exporters' `User-Agent` (OTLP specification, "User Agent"), then who we are; the version is that of package.json. */
export const userAgent = "OTel-OTLP-Exporter-JavaScript/0.1.0 throughline-tracing/0.1.0";
