import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** PEM texts: an authority, and what it signed. The servers' names are 127.0.0.1 and another that nobody has here. */
export interface Certificates {
  ca: string;
  server: { cert: string; key: string };
  strange: { cert: string; key: string };
  expired: { cert: string; key: string };
  client: { cert: string; key: string };
}

/** Makes certificates for one test run, with the program `openssl`. */
export function makeCertificates(): Certificates {
  const directory = mkdtempSync(join(tmpdir(), "certificates-"));
  const at = (name: string) => join(directory, name);
  const read = (name: string) => readFileSync(at(name), "utf8");
  const key = (name: string) =>
    openssl(["genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", at(name)]);
  const signed = (name: string, extension: string, days = "2") => {
    key(`${name}.key`);
    writeFileSync(at("ext"), extension);
    openssl(["req", "-new", "-key", at(`${name}.key`), "-subj", `/CN=${name}`, "-out", at(`${name}.csr`)]);
    const request = ["x509", "-req", "-in", at(`${name}.csr`), "-CA", at("ca.crt"), "-CAkey", at("ca.key")];
    openssl([...request, "-CAcreateserial", "-days", days, "-extfile", at("ext"), "-out", at(`${name}.crt`)]);
    return { cert: read(`${name}.crt`), key: read(`${name}.key`) };
  };
  try {
    key("ca.key");
    openssl([
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
    ]);
    return {
      ca: read("ca.crt"),
      server: signed("server", "subjectAltName=IP:127.0.0.1"),
      strange: signed("strange", "subjectAltName=DNS:elsewhere.example"),
      expired: signed("expired", "subjectAltName=IP:127.0.0.1", "-1"),
      client: signed("client", "extendedKeyUsage=clientAuth"),
    };
  } finally {
    rmSync(directory, { recursive: true });
  }
}

function openssl(args: readonly string[]): void {
  try {
    execFileSync("openssl", args, { stdio: ["ignore", "ignore", "pipe"] });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    throw new Error("openssl is not on PATH: install openssl.", { cause: error });
  }
}
