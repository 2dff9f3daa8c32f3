import { expect, test } from "vitest";
import { hex, jobs, post, postSigned, startReceiver, ticket } from "./door.ts";

test("a repeated delivery gets the first answer again: alone, at the same time, and after a restart", async () => {
  const { url, data, receiver } = await startReceiver();
  const first = await postSigned(url, ticket({ ticket_id: "A-1" }));
  expect(first).toMatchObject({ status: 202, body: { status: "accepted" } });
  expect(first.headers.get("idempotency-replayed")).toBeNull();
  const isReplay = (answer: typeof first) => {
    expect(answer.status).toBe(202);
    expect(answer.body).toMatchObject({
      job_id: first.body.job_id,
      trace_id: first.body.trace_id,
      status: "accepted",
    });
    expect(answer.headers.get("idempotency-replayed")).toBe("true");
  };
  isReplay(await postSigned(url, ticket({ ticket_id: "A-1" })));

  const many = await Promise.all(
    Array.from({ length: 40 }, () => postSigned(url, ticket({ ticket_id: "A-2" }))),
  );
  expect(new Set(many.map(({ body }) => body.job_id)).size).toBe(1);
  expect(many.filter(({ headers }) => headers.get("idempotency-replayed") === null)).toHaveLength(1);

  await receiver.end();
  const again = await startReceiver({ data });
  isReplay(await postSigned(again.url, ticket({ ticket_id: "A-1" })));
  expect((await jobs(data)).map(({ ticketId }) => ticketId).sort()).toEqual(["A-1", "A-2"]);
});

test("a delivery is known by the sender's id where it has one, and tickets do not share one", async () => {
  const { url } = await startReceiver({
    tenants: {
      acme: { settings: { webhook: { ratePerMinute: null } } },
      jira: { settings: { webhook: { scheme: "jira", preset: "jira", ratePerMinute: null } } },
    },
  });
  const send = (id: string, fields: Record<string, unknown>) =>
    postSigned(url, ticket(fields), { "webhook-id": id });
  const one = await send("d1", { ticket_id: "B-1" });
  const edited = await send("d1", { ticket_id: "B-1", description: "the retry says it in other words" });
  expect(edited.body.job_id).toBe(one.body.job_id);
  expect(edited.headers.get("idempotency-replayed")).toBe("true");
  const other = await send("d1", { ticket_id: "B-2" });
  expect(other.body.job_id).not.toBe(one.body.job_id);
  const key = await postSigned(url, ticket({ ticket_id: "B-3" }), { "idempotency-key": "k" });
  const keyAgain = await postSigned(url, ticket({ ticket_id: "B-3", priority: "low" }), {
    "idempotency-key": "k",
  });
  expect(keyAgain.headers.get("idempotency-replayed")).toBe("true");
  expect(keyAgain.body.job_id).toBe(key.body.job_id);

  const jira = (updated: string, headers: Record<string, string>) => {
    const body = JSON.stringify({
      webhookEvent: "jira:issue_updated",
      issue: { key: "J-1", fields: { updated } },
    });
    return post(
      url,
      body,
      { "x-hub-signature": `sha256=${hex("sha256", body)}`, ...headers },
      "/webhook/servicedesk?tenant=jira",
    );
  };
  const id = { "x-atlassian-webhook-identifier": "w1" };
  await jira("2026-11-24T10:00:00.000+0000", id);
  expect((await jira("2026-11-24T11:00:00.000+0000", id)).headers.get("idempotency-replayed")).toBe("true");
  expect((await jira("2026-11-24T11:00:00.000+0000", {})).headers.get("idempotency-replayed")).toBeNull();
  expect((await jira("2026-11-24T11:00:00.000+0000", {})).headers.get("idempotency-replayed")).toBe("true");
});

test("a burst of edits is one job, and each edit is answered with it", async () => {
  const { url, data } = await startReceiver();
  const answers = [];
  for (let at = 0; at < 10; at++)
    answers.push(
      await postSigned(url, ticket({ ticket_id: "C-1", event: "ticket.updated", description: `edit ${at}` })),
    );
  expect(new Set(answers.map(({ body }) => body.job_id)).size).toBe(1);
  for (const { status, headers } of answers) {
    expect(status).toBe(202);
    expect(headers.get("idempotency-replayed")).toBeNull();
  }
  expect(await jobs(data)).toHaveLength(1);
});

test("our own technician's events and what filters exclude make no job, and the answer says why", async () => {
  const zammad = {
    webhook: { scheme: "zammad", preset: "zammad", ratePerMinute: null },
    desk: { kind: "zammad", url: "http://127.0.0.1:9", technician: { name: "bot@example.com", id: null } },
    filters: { include: { group: ["Users"] }, exclude: { label: ["no-ai"], priority: ["low"] } },
  };
  const { url, data } = await startReceiver({ tenants: { desk: { settings: zammad } } });
  const send = (fields: Record<string, unknown>) => {
    const body = JSON.stringify({ ticket: { id: 1, group: "Users", ...fields }, article: { body: "x" } });
    return post(url, body, { "x-hub-signature": `sha1=${hex("sha1", body)}` });
  };
  const ignored = async (fields: Record<string, unknown>, reason: string) => {
    const { status, body } = await send(fields);
    expect({ status, said: body.status, reason: body["reason"] }).toEqual({
      status: 200,
      said: "ignored",
      reason,
    });
    expect(body).toMatchObject({ message: expect.any(String), trace_id: expect.any(String) });
  };
  await ignored({ updated_by: { login: "Bot@Example.com" } }, "own_event");
  await ignored({ group: "Sales" }, "filtered");
  await ignored({ tags: ["vpn", "No-AI"] }, "filtered");
  await ignored({ priority: { name: "1 low" } }, "filtered");
  expect(
    (await send({ updated_by: { login: "ann" }, tags: ["vpn"], priority: { name: "3 high" } })).status,
  ).toBe(202);
  // What the webhook does not say keeps nothing out.
  expect((await send({ id: 2, group: undefined })).status).toBe(202);
  expect(await jobs(data)).toHaveLength(2);
});
