import { join } from "node:path";
import { expect, test } from "vitest";
import { addTenants, base64, doorSecret, hex, post, postSigned, ticket } from "./door.ts";
import { start, temporaryDirectory, until } from "./harness.ts";

/** Texts that may be nowhere but where they were sent. */
const canaries = ["canary-body-7f3a", "canary-header-91bc", "canary-static-secret-55d0", doorSecret];

test("nothing of a secret, an expected signature or a refused body is in a log, a span or an answer", async () => {
  const data = await temporaryDirectory();
  const open = { ratePerMinute: null };
  await addTenants(data, {
    acme: { settings: { webhook: open } },
    fixed: {
      secret: "canary-static-secret-55d0",
      settings: { webhook: { ...open, scheme: "static-secret", preset: "servicedesk-plus" } },
    },
    standard: { settings: { webhook: { ...open, scheme: "standard-webhooks" } } },
  });
  const up = await start(["up"], { data, env: { LOG_LEVEL: "trace" } });
  const url = up.address("webhook");
  const body = ticket({
    description: "canary-body-7f3a",
    subject: "canary-body-7f3a",
    "canary-body-7f3a": 1,
  });
  const expected = [hex("sha256", body), base64(doorSecret, body)];
  const answers = [
    await post(url, body, { "x-servicedesk-signature": "sha256=canary-header-91bc" }),
    await post(url, body, { "x-servicedesk-signature": `sha256=${"0".repeat(64)}` }),
    await postSigned(url, body),
    await post(url, "canary-body-7f3a {", { "x-tenant-id": "acme", "x-signature": "canary-header-91bc" }),
    await postSigned(url, '{"canary-body-7f3a', { "x-tenant-id": "acme" }),
    await post(url, body, { "x-webhook-secret": "canary-header-91bc" }, "/webhook/servicedesk?tenant=fixed"),
    await post(url, "canary-body-7f3a", {
      "x-webhook-secret": "canary-static-secret-55d0",
      "x-tenant-id": "fixed",
    }),
    await post(url, ticket({ tenant_id: "standard", description: "canary-body-7f3a" }), {
      "webhook-id": "m",
      "webhook-timestamp": "1",
      "webhook-signature": "v1,canary-header-91bc",
    }),
    await post(url, ticket({ tenant_id: "canary-body-7f3a" })),
    await postSigned(
      url,
      JSON.stringify({ tenant_id: "acme", subject: ["canary-body-7f3a"] }),
      {},
      "/webhook/servicedesk/resolved-ticket",
    ),
  ];
  expect(answers.map(({ status }) => status)).toEqual([401, 401, 422, 401, 422, 401, 422, 401, 404, 422]);
  const traces = await Promise.all(
    answers.map(({ body: { trace_id: id = "" } }) =>
      until(`trace ${id}`, async () => {
        const response = await fetch(`${up.address("console")}/api/traces/${id}`);
        return response.status === 200 ? response.text() : undefined;
      }),
    ),
  );
  await up.end();
  const places = {
    answers: JSON.stringify(answers.map(({ body: said, headers }) => [said, [...headers]])),
    traces: traces.join("\n"),
    log: up.output(),
  };
  expect(places.log).toContain("TL_SIGNATURE_INVALID");
  expect(places.traces).toContain("TL_TICKET_INVALID");
  for (const [place, text] of Object.entries(places))
    for (const canary of [...canaries, ...expected])
      expect(text.includes(canary), `${canary} in ${place}`).toBe(false);
  const { readFileSync } = await import("node:fs");
  expect(readFileSync(join(data, "throughline.db")).includes(doorSecret)).toBe(false);
});

test("an outside trace context is a link, and the parent only where the tenant trusts it", async () => {
  const data = await temporaryDirectory();
  await addTenants(data, {
    acme: { settings: { webhook: { ratePerMinute: null } } },
    trusting: { settings: { webhook: { ratePerMinute: null, trustsTraceparent: true } } },
  });
  const up = await start(["up"], { data });
  const outside = "4bf92f3577b34da6a3ce929d0e0e4736";
  const headers = { traceparent: `00-${outside}-00f067aa0ba902b7-01` };
  const linked = await postSigned(up.address("webhook"), ticket(), headers);
  const continued = await postSigned(up.address("webhook"), ticket({ tenant_id: "trusting" }), headers);
  const bad = await post(up.address("webhook"), ticket({ tenant_id: "trusting" }), {
    ...headers,
    "x-signature": "00",
  });
  expect(linked.body.trace_id).not.toBe(outside);
  expect(continued.body.trace_id).toBe(outside);
  // Whoever has not shown who it is chooses no trace.
  expect(bad.body.trace_id).not.toBe(outside);
});
