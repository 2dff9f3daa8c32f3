/** What values of settings may look like. Each says what it expects where one does not. */
import { z } from "zod";
import { type Address, parseAddress, parseBytes, parseDuration } from "./address.ts";

export const address = (fallback: string) =>
  z
    .string()
    .default(fallback)
    .transform((text, context): Address => {
      const parsed = parseAddress(text);
      if (parsed !== undefined) return parsed;
      context.addIssue({ code: "custom", message: "expected host:port, for example 127.0.0.1:8000" });
      return z.NEVER;
    });

export const duration = (fallback: string) =>
  z
    .string()
    .default(fallback)
    .transform((text, context): number => {
      const parsed = parseDuration(text);
      if (parsed !== undefined && parsed > 0) return parsed;
      context.addIssue({ code: "custom", message: "expected a duration such as 500ms, 60s, 72h or 30d" });
      return z.NEVER;
    });

export const bytes = () =>
  z.string().transform((text, context): number => {
    const parsed = parseBytes(text);
    if (parsed !== undefined && parsed > 0) return parsed;
    context.addIssue({ code: "custom", message: "expected a size such as 500MB or 20GB" });
    return z.NEVER;
  });

export const count = (fallback: number) =>
  z
    .string()
    .regex(/^[1-9]\d{0,6}$/, "expected a number from 1 to 9999999")
    .transform(Number)
    .prefault(String(fallback));

const network = z.union([z.ipv4(), z.ipv6(), z.cidrv4(), z.cidrv6()]);
/** Addresses and networks, separated by commas. */
export const networks = () =>
  z
    .string()
    .transform((text) => text.split(",").map((one) => one.trim()))
    .pipe(z.array(network, { error: "expected addresses or networks such as 10.0.0.0/8,127.0.0.1" }))
    .default([]);

/** Of web pages, separated by commas. */
export const origins = () =>
  z
    .string()
    .regex(
      /^(\*|https?:\/\/[^\s,/]+(,https?:\/\/[^\s,/]+)*)$/,
      "expected origins such as https://app.example,http://localhost:3000, or *",
    )
    .transform((text) => text.split(","))
    .optional();

export const optionalText = z.string().optional();

/** undefined: this machine's own. */
export function remoteStorage(
  text: string,
  context: z.RefinementCtx,
): (Address & { tls: boolean }) | undefined {
  if (text === "local") return undefined;
  const [, secure, at] = /^jaeger-grpc(s?):\/\/([^/]+)\/?$/.exec(text) ?? [];
  const parsed = at === undefined ? undefined : parseAddress(at);
  if (parsed !== undefined) return { ...parsed, tls: secure === "s" };
  context.addIssue({
    code: "custom",
    message: "expected local, jaeger-grpc://host:port, or jaeger-grpcs://host:port with TLS",
  });
  return z.NEVER;
}
