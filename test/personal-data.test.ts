import { join } from "node:path";
import { expect, test } from "vitest";
import {
  acceptTicket,
  addTenant,
  deskKey,
  jobEnded,
  notesOf,
  run,
  runJson,
  start,
  temporaryDirectory,
} from "./harness.ts";

const description =
  "Joan Müller-Smith here (joan.mueller@example.com, +49 170 1234567): the VPN client on 10.11.12.13 says that its certificate expired. Please call Joan back. password=Winter2026!";
const parts = {
  email: ["@example.com"],
  phone: ["+49 170 1234567", "170 1234567"],
  ip: ["10.11.12.13"],
  name: ["Joan", "joan", "Müller-Smith"],
};
type Kind = keyof typeof parts;
const kinds = Object.keys(parts) as Kind[];

interface Asked {
  requests: { request: { messages: { content: string }[] } }[];
}

test("the model is shown no personal data of the kinds that the tenant keeps from it, and no credentials in any case", async () => {
  const data = await temporaryDirectory();
  const desk = await start(["simulate", "desk", "--key", deskKey], { data: join(data, "desk") });
  const llm = await start(["simulate", "llm"], { data: join(data, "llm") });
  await addTenant(data, desk.address("desk"));
  const history = {
    request: {
      subject: "VPN certificate",
      description,
      requester: { name: "Joan Müller-Smith", email_id: "joan.mueller@example.com" },
    },
  };
  const env = {
    OPENAI_API_KEY: "sk-of-the-tests",
    OPENAI_BASE_URL: `${llm.address("llm")}/v1`,
    OPENAI_MODEL: "gpt-4o-mini",
  };
  const up = await start(["up"], { data, env });
  const prompts = async () => {
    const response = await fetch(`${llm.address("llm")}/_simulator/requests`);
    const { requests } = (await response.json()) as Asked;
    return requests.map(({ request }) => request.messages.map(({ content }) => content).join("\n"));
  };
  const cases: [string[], Kind[]][] = [
    [["--mode", "automatic"], []],
    [["--hide-personal-data"], kinds],
    [
      ["--hide-personal-data", "email,phone"],
      ["email", "phone"],
    ],
    [["--hide-personal-data", "name"], ["name"]],
    [["--hide-personal-data", "ip"], ["ip"]],
    [["--no-hide-personal-data"], []],
  ];
  for (const [at, [flags, hidden]] of cases.entries()) {
    expect((await run(["tenant", "set", "acme", ...flags, "--data", data])).code).toBe(0);
    const { note } = (
      await runJson<{ settings: { note: { hidePersonalData: Kind[] } } }>([
        "tenant",
        "show",
        "acme",
        "--json",
        "--data",
        data,
      ])
    ).settings;
    expect(note.hidePersonalData.toSorted()).toEqual(hidden.toSorted());
    const id = `PRIVATE-${at}`;
    await fetch(`${desk.address("desk")}/api/v3/requests/${id}`, {
      method: "PUT",
      headers: { authtoken: deskKey, "content-type": "application/x-www-form-urlencoded" },
      body: new URLSearchParams({ input_data: JSON.stringify(history) }),
    });
    const { job_id: job } = await acceptTicket(up.address("webhook"), id, description);
    expect(await jobEnded(up.address("admin"), job)).toMatchObject({ state: "done", reason: null });
    const asked = await prompts();
    expect(asked).toHaveLength(at + 1);
    const prompt = asked.at(-1) ?? "";
    expect(prompt).toContain("certificate expired");
    expect(prompt).not.toContain("Winter2026!");
    const shown = kinds.filter((kind) => parts[kind].some((text) => prompt.includes(text)));
    expect(shown, flags.join(" ")).toEqual(kinds.filter((kind) => !hidden.includes(kind)));
    expect(await notesOf(desk.address("desk"), id)).toHaveLength(1);
  }
  const wrong = await run(["tenant", "set", "acme", "--hide-personal-data", "shoe-size", "--data", data]);
  expect(wrong.code).not.toBe(0);
  expect(wrong.stderr).toContain("hidePersonalData");
});
