import { createHmac } from "node:crypto";
import { describe, expect, test } from "vitest";
import { schemes, type SchemeName } from "./index.ts";

const secret = "correct horse battery staple";
const body = Buffer.from('{"ticket_id":"A-1","text":"Grüße \\u0000"}');
const nowMs = Date.parse("2026-11-24T10:00:00Z");
const seconds = String(nowMs / 1_000);

type Headers = Record<string, string | undefined>;

function verdict(
  name: SchemeName,
  headers: Headers,
  { secrets = [secret], toleranceSeconds = schemes[name].toleranceSeconds, at = nowMs, bytes = body } = {},
) {
  const scheme = schemes[name];
  const keys = secrets.flatMap((one) => scheme.keysOf(one));
  const request = { body: bytes, header: (header: string) => headers[header] || undefined, nowMs: at };
  return scheme.verify(request, keys, { toleranceSeconds, secretHeader: "x-webhook-secret" })?.kind ?? "good";
}

const mac = (algorithm: string, key: string | Buffer, text: string | Buffer, encoding: "hex" | "base64") =>
  createHmac(algorithm, key).update(text).digest(encoding);

describe("vectors that others published", () => {
  test("Standard Webhooks: its libraries' own", () => {
    // https://github.com/standard-webhooks/standard-webhooks/blob/main/libraries/javascript/src/index.test.ts
    const headers = {
      "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
      "webhook-timestamp": "1614265330",
      "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    };
    const options = { at: 1_614_265_330_000, bytes: Buffer.from('{"test": 2432232314}') };
    for (const one of ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"])
      expect(verdict("standard-webhooks", headers, { ...options, secrets: [one] })).toBe("good");
    expect(verdict("standard-webhooks", headers, { ...options, secrets: ["whsec_AAAA"] })).toBe("invalid");
  });

  test("Jira: of Atlassian's documentation", () => {
    const headers = {
      "x-hub-signature": "sha256=a4771c39fbe90f317c7824e83ddef3caae9cb3d976c214ace1f2937e133263c9",
    };
    const options = { bytes: Buffer.from("Hello World!"), secrets: ["It's a Secret to Everybody"] };
    expect(verdict("jira", headers, options)).toBe("good");
  });

  test("HMAC-SHA256 and HMAC-SHA1 of RFC 4231 and RFC 2202, test case 2", () => {
    const options = { bytes: Buffer.from("what do ya want for nothing?"), secrets: ["Jefe"] };
    expect(
      verdict(
        "servicedesk-hmac",
        {
          "x-servicedesk-signature":
            "sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
        },
        options,
      ),
    ).toBe("good");
    expect(
      verdict("zammad", { "x-hub-signature": "sha1=effcdf6ae5eb2fa2d27416d5f184df9c259a7c79" }, options),
    ).toBe("good");
  });
});

/** A good request of each scheme, made by its vendor's words alone. */
const signed: Record<SchemeName, (key?: string) => Headers> = {
  "servicedesk-hmac": (key = secret) => ({
    "x-servicedesk-signature": `sha256=${mac("sha256", key, body, "hex")}`,
  }),
  "standard-webhooks": (key = secret) => ({
    "webhook-id": "msg_1",
    "webhook-timestamp": seconds,
    "webhook-signature": `v1,${mac("sha256", key, `msg_1.${seconds}.${body.toString()}`, "base64")}`,
  }),
  "static-secret": (key = secret) => ({ "x-webhook-secret": key }),
  jira: (key = secret) => ({ "x-hub-signature": `sha256=${mac("sha256", key, body, "hex")}` }),
  zendesk: (key = secret) => ({
    "x-zendesk-webhook-signature-timestamp": "2026-11-24T10:00:00Z",
    "x-zendesk-webhook-signature": mac("sha256", key, `2026-11-24T10:00:00Z${body.toString()}`, "base64"),
  }),
  zammad: (key = secret) => ({ "x-hub-signature": `sha1=${mac("sha1", key, body, "hex")}` }),
  freshservice: (key = secret) => ({ "x-webhook-secret": key }),
  glpi: (key = secret) => ({
    "x-glpi-timestamp": seconds,
    "x-glpi-signature": mac("sha256", key, `${body.toString()}${seconds}`, "hex"),
  }),
};

describe.each(Object.keys(schemes) as SchemeName[])("%s", (name) => {
  test("takes what is signed with either of two secrets, and nothing of a third", () => {
    const secrets = ["the new secret of the tenant", secret];
    expect(verdict(name, signed[name]())).toBe("good");
    expect(verdict(name, signed[name](), { secrets })).toBe("good");
    expect(verdict(name, signed[name]("a third secret"), { secrets })).toBe("invalid");
  });

  test("refuses a header that is missing, empty, cut, longer, of other characters or of another body", () => {
    for (const header of Object.keys(signed[name]())) {
      const good = signed[name]()[header] ?? "";
      const wrong = [
        undefined,
        "",
        good.slice(0, -1),
        `${good}00`,
        `${good}=`,
        "ü€",
        "=",
        ",",
        "sha256=",
        "v1,",
      ];
      for (const value of wrong) {
        // A delivery id and a signed time are part of what is signed: changed, they do not match.
        expect(verdict(name, { ...signed[name](), [header]: value }), `${header}: ${value}`).toBe("invalid");
      }
    }
    if (name === "static-secret" || name === "freshservice") return;
    expect(verdict(name, signed[name](), { bytes: Buffer.concat([body, Buffer.from(" ")]) })).toBe("invalid");
    expect(verdict(name, signed[name](), { bytes: Buffer.alloc(0) })).toBe("invalid");
  });
});

test.each(["servicedesk-hmac", "jira", "zammad"] as const)(
  "%s: hex in capitals and without its prefix is the same",
  (name) => {
    const [header = ""] = Object.keys(signed[name]());
    const value = signed[name]()[header] ?? "";
    const [prefix = "", hex = ""] = value.split("=");
    for (const other of [
      hex,
      hex.toUpperCase(),
      `${prefix.toUpperCase()}=${hex.toUpperCase()}`,
      ` ${value} `,
    ])
      expect(verdict(name, { [header]: other }), other).toBe("good");
    expect(verdict(name, { [header]: `md5=${hex}` })).toBe("invalid");
  },
);

test("the guide's X-Signature is as good as X-ServiceDesk-Signature", () => {
  const value = signed["servicedesk-hmac"]()["x-servicedesk-signature"];
  expect(verdict("servicedesk-hmac", { "x-signature": value })).toBe("good");
});

test("a static secret may come as a bearer token; of another length it is refused too", () => {
  expect(verdict("static-secret", { authorization: `Bearer ${secret}` })).toBe("good");
  expect(verdict("static-secret", { authorization: "Bearer x" })).toBe("invalid");
  expect(verdict("static-secret", { authorization: `Basic ${secret}` })).toBe("invalid");
});

describe("a signed time", () => {
  test.each(["standard-webhooks", "zendesk"] as const)("%s: 5 minutes either way", (name) => {
    expect(verdict(name, signed[name](), { at: nowMs + 300_000 })).toBe("good");
    expect(verdict(name, signed[name](), { at: nowMs - 300_000 })).toBe("good");
    expect(verdict(name, signed[name](), { at: nowMs + 300_001 })).toBe("stale");
    expect(verdict(name, signed[name](), { at: nowMs - 300_001 })).toBe("stale");
    expect(verdict(name, signed[name](), { at: nowMs + 600_000, toleranceSeconds: 600 })).toBe("good");
  });

  test("glpi: signed when queued, so a day", () => {
    expect(verdict("glpi", signed.glpi(), { at: nowMs + 23 * 3_600_000 })).toBe("good");
    expect(verdict("glpi", signed.glpi(), { at: nowMs + 25 * 3_600_000 })).toBe("stale");
  });

  test("is told to be stale only to who can sign", () => {
    const headers = { ...signed["standard-webhooks"]("another"), "webhook-timestamp": "1" };
    expect(verdict("standard-webhooks", headers)).toBe("invalid");
  });

  test.each(["abc", "-1", "1e9", "0x10", "99999999999999", " 1"])("that reads %s is refused", (timestamp) => {
    const headers = {
      "webhook-id": "m",
      "webhook-timestamp": timestamp,
      "webhook-signature": `v1,${mac("sha256", secret, `m.${timestamp}.${body.toString()}`, "base64")}`,
    };
    expect(verdict("standard-webhooks", headers)).toBe("invalid");
  });
});

test("Standard Webhooks: one good signature among several is enough, and v1 alone counts", () => {
  const good = signed["standard-webhooks"]()["webhook-signature"] ?? "";
  const other = `v1,${mac("sha256", "x", "y", "base64")}`;
  const withSignature = (value: string) => ({ ...signed["standard-webhooks"](), "webhook-signature": value });
  expect(verdict("standard-webhooks", withSignature(`${other} ${good}`))).toBe("good");
  expect(verdict("standard-webhooks", withSignature(`v1a,AAAA ${good} v2,BBBB`))).toBe("good");
  expect(verdict("standard-webhooks", withSignature(good.replace("v1,", "v1a,")))).toBe("invalid");
  expect(verdict("standard-webhooks", withSignature(good.replace("v1,", "v2,")))).toBe("invalid");
  expect(verdict("standard-webhooks", withSignature(good.replace(",", "=")))).toBe("invalid");
  expect(verdict("standard-webhooks", { ...signed["standard-webhooks"](), "webhook-id": "msg_2" })).toBe(
    "invalid",
  );
});

test("Standard Webhooks: a whsec_ secret signs with the bytes behind its base64", () => {
  const key = Buffer.from("0123456789abcdef01234567");
  const headers = {
    "webhook-id": "msg_9",
    "webhook-timestamp": seconds,
    "webhook-signature": `v1,${mac("sha256", key, `msg_9.${seconds}.${body.toString()}`, "base64")}`,
  };
  const secrets = [`whsec_${key.toString("base64")}`];
  expect(verdict("standard-webhooks", headers, { secrets })).toBe("good");
  const asText = mac("sha256", secrets[0] ?? "", `msg_9.${seconds}.${body.toString()}`, "base64");
  expect(verdict("standard-webhooks", { ...headers, "webhook-signature": `v1,${asText}` }, { secrets })).toBe(
    "invalid",
  );
});
