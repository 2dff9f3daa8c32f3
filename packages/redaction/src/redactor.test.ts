import { expect, test } from "vitest";
import { createRedactor } from "./index.ts";

const redactor = createRedactor();

test.each([
  "api_key",
  "apiKey",
  "API-KEY",
  "webhook_secret",
  "db.password",
  "x-access-token",
  "Authorization",
  "credential",
  "client.secretKey",
  "private_key",
  "OPENAI_API_KEY",
])("%s is a sensitive key", (key) => expect(redactor.string(key, "anything")).toBe("[REDACTED]"));

test.each([
  "gen_ai.usage.output_tokens",
  "tokenizer",
  "error.message",
  "password.expired",
  "ticket.id",
  "authorization.kind",
  "monkey",
  "secretary",
])("%s is no sensitive key", (key) => expect(redactor.string(key, "anything")).toBe("anything"));

test.each([
  ["Authorization: Bearer abcdef1234567890", "abcdef1234567890"],
  ["token eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl refused", "eyJhbGci"],
  ["key sk-proj-abcdefghijklmnop failed", "sk-proj"],
  ["postgres://app:hunter2secret@db/x", "hunter2secret"],
  ["GET /cb?access_token=abc123def&x=1", "abc123def"],
  ["-----BEGIN RSA PRIVATE KEY-----\nMIIEabc\n-----END RSA PRIVATE KEY-----", "MIIEabc"],
  ["password: swordfish42", "swordfish42"],
])("a credential in text is hidden: %s", (text, credential) => {
  expect(redactor.text(text)).not.toContain(credential);
  expect(redactor.text(text)).toContain("[REDACTED]");
});

test("ordinary text stays", () => {
  for (const text of [
    "403 Forbidden: the desk refused the note",
    "/api/v3/requests/42/notes",
    "9f86d081884c7d659a2feaa0c55ad015",
    "the password has expired",
  ]) {
    expect(redactor.text(text)).toBe(text);
  }
});

test("a ticket's description is cut to 100 characters, never inside a character", () => {
  expect(redactor.string("ticket.description", "x".repeat(300))).toHaveLength(100);
  expect(redactor.string("ticket.description", `${"x".repeat(99)}😀`)).toBe("x".repeat(99));
});

test("hostile text takes no more than linear time", () => {
  const started = performance.now();
  for (const unit of [
    "a:/",
    "key=",
    "Bearer ",
    "://a:",
    "-----BEGIN A-----",
    "eyJaaaaa.",
    "?token=",
    "secret-",
  ])
    redactor.text(unit.repeat(50_000));
  expect(performance.now() - started).toBeLessThan(5_000);
});
