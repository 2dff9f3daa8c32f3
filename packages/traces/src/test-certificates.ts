import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";

/** For tests: a certificate, as PEM texts and as files. */
export interface TestCertificate {
  cert: string;
  key: string;
  certFile: string;
  keyFile: string;
}

/** For tests: an authority of certificates, made with `openssl`, whose files go when the test ends. */
export function newAuthority(): {
  ca: string;
  caFile: string;
  sign: (name: string, extensions: string, days?: number) => TestCertificate;
} {
  const directory = mkdtempSync(join(tmpdir(), "throughline-tls-"));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  const at = (name: string): string => join(directory, name);
  const openssl = (...args: string[]): void =>
    void execFileSync("openssl", args, { stdio: ["ignore", "ignore", "pipe"] });
  const newKey = (name: string): void =>
    openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", at(name));
  newKey("ca.key");
  openssl(
    "req",
    "-x509",
    "-new",
    "-key",
    at("ca.key"),
    "-subj",
    "/CN=ca",
    "-days",
    "2",
    "-out",
    at("ca.crt"),
  );
  return {
    ca: readFileSync(at("ca.crt"), "utf8"),
    caFile: at("ca.crt"),
    sign: (name, extensions, days = 2) => {
      const [keyFile, request, certFile] = [at(`${name}.key`), at(`${name}.csr`), at(`${name}.crt`)];
      newKey(`${name}.key`);
      writeFileSync(at(`${name}.ext`), extensions);
      openssl("req", "-new", "-key", keyFile, "-subj", `/CN=${name}`, "-out", request);
      const signing = ["-CA", at("ca.crt"), "-CAkey", at("ca.key"), "-CAcreateserial", "-days", String(days)];
      openssl("x509", "-req", "-in", request, ...signing, "-extfile", at(`${name}.ext`), "-out", certFile);
      return { cert: readFileSync(certFile, "utf8"), key: readFileSync(keyFile, "utf8"), certFile, keyFile };
    },
  };
}
