import { X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { type Finding, fail, ok, warn } from "../checks/finding.ts";
import type { Subject } from "./subject.ts";

const soonMs = 21 * 86_400_000;

/** Certificates that the addresses are served with. */
export function checkCertificates({ settings }: Subject): Finding[] {
  const given = [
    ["--tls-cert", settings.tlsCert],
    ["--console-tls-cert", settings.consoleTlsCert],
  ] as const;
  return given.flatMap(([flag, file]) => (file === undefined ? [] : [certificateFinding(flag, file)]));
}

function certificateFinding(flag: string, file: string): Finding {
  const id = "tls.certificate";
  let ends: number;
  try {
    ends = Date.parse(new X509Certificate(readFileSync(file)).validTo);
  } catch (error) {
    return fail(id, `${flag} ${file} cannot be read (${String(error)})`, "Name a certificate in PEM format.");
  }
  const said = `${flag} ${file} ends on ${new Date(ends).toISOString().slice(0, 10)}`;
  if (ends < Date.now())
    return fail(id, `${said}: it is over`, "Renew it; the roles read it when they start.");
  return ends - Date.now() < soonMs ? warn(id, said, "Renew it in time.") : ok(id, said);
}
