import { createServer as createHttpServer, type IncomingHttpHeaders } from "node:http";
import { createServer as createTcpServer, type AddressInfo } from "node:net";
import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { temporaryDirectory, until } from "./harness.ts";
import { checked, deployed, serveAlertmanager } from "./monitoring.ts";

interface Call {
  path: string;
  headers: IncomingHttpHeaders;
  body: string;
}

/** In the place of Slack, PagerDuty and the dead man's switch. */
async function startServices(): Promise<{ url: string; calls: Call[] }> {
  const calls: Call[] = [];
  const server = createHttpServer((request, response) => {
    let body = "";
    request.on("data", (chunk) => (body += String(chunk)));
    request.on("end", () => {
      const path = request.url ?? "";
      calls.push({ path, headers: request.headers, body });
      response.writeHead(path === "/pagerduty" ? 202 : 200).end("ok");
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, calls };
}

/** A mail server that takes every mail of who knows the password. */
async function startMailServer(password: string): Promise<{ port: number; mails: string[] }> {
  const mails: string[] = [];
  const server = createTcpServer((socket) => {
    let isKnown = false;
    let mail: string | undefined;
    const say = (line: string) => void socket.write(`${line}\r\n`);
    let rest = "";
    const hear = (line: string): void => {
      if (mail !== undefined) {
        if (line !== ".") mail += `${line}\n`;
        else {
          mails.push(mail);
          mail = undefined;
          say("250 taken");
        }
        return;
      }
      const [command = "", mechanism, response = ""] = line.split(" ");
      switch (command.toUpperCase()) {
        case "EHLO":
          say("250-mail");
          return say("250 AUTH PLAIN");
        case "AUTH":
          isKnown =
            mechanism === "PLAIN" && Buffer.from(response, "base64").toString().endsWith(`\0${password}`);
          return say(isKnown ? "235 known" : "535 unknown");
        case "DATA":
          mail = "";
          return say("354 go on");
        case "QUIT":
          say("221 bye");
          return void socket.end();
        default:
          return say(isKnown ? "250 ok" : "530 who are you");
      }
    };
    socket.on("data", (chunk) => {
      const lines = (rest + String(chunk)).split("\r\n");
      rest = lines.pop() ?? "";
      for (const line of lines) hear(line);
    });
    socket.on("error", () => undefined);
    say("220 mail");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  return { port: (server.address() as AddressInfo).port, mails };
}

/** The file that is deployed, word for word, but for where its secrets, its services and its templates are. */
async function startWithSecrets(services: string, mailPort: number, password: string): Promise<string> {
  const directory = await temporaryDirectory();
  const secrets = join(directory, "secrets");
  mkdirSync(secrets);
  for (const [name, secret] of [
    ["slack_api_url", `${services}/slack/T0/B0/key`],
    ["pagerduty_routing_key", "routing-key-of-the-tests"],
    ["dead_mans_switch_token", "token-of-the-tests"],
    ["smtp_password", password],
  ] as const)
    writeFileSync(join(secrets, name), name === "smtp_password" ? secret : `${secret}\n`);
  cpSync(deployed("alertmanager/templates"), join(directory, "templates"), { recursive: true });
  const file = join(directory, "alertmanager.yml");
  const text = readFileSync(deployed("alertmanager/alertmanager.yml"), "utf8")
    .replaceAll("/etc/alertmanager/secrets", secrets)
    .replace(
      "smtp.example.com:587",
      `127.0.0.1:${mailPort}\n  smtp_require_tls: false\n  pagerduty_url: ${services}/pagerduty`,
    )
    .replace("https://dead-mans-switch.example.com", services);
  writeFileSync(file, text);
  return serveAlertmanager(file, directory);
}

test("Slack, PagerDuty, mail and the dead man's switch are told what a human wants, with secrets from files", async () => {
  const { url, calls } = await startServices();
  const { port, mails } = await startMailServer("password-of-the-tests");
  const alertmanager = await startWithSecrets(url, port, "password-of-the-tests");
  const add = (labels: Record<string, string>) =>
    checked("amtool", [
      "--alertmanager.url",
      alertmanager,
      "alert",
      "add",
      ...Object.entries(labels).map(([name, value]) => `${name}=${value}`),
      ...["summary=No worker takes jobs", "description=Nothing is lost."].map((one) => `--annotation=${one}`),
      "--annotation=runbook_url=https://git.example.com/worker-down.md",
      "--annotation=console_url=https://console.example.com/search?start=1",
    ]);
  add({ alertname: "WorkerDown", severity: "critical" });
  add({ alertname: "Watchdog", severity: "none" });
  add({ alertname: "OfSomebodyElse" });
  const call = (path: string) =>
    until(`a call of ${path}`, () => calls.find((one) => one.path.startsWith(path)));

  const slack = JSON.parse((await call("/slack/T0/B0/key")).body) as {
    channel: string;
    attachments: { title: string; title_link: string; text: string; color: string }[];
  };
  expect(slack).toMatchObject({
    channel: "#throughline-alerts",
    attachments: [
      {
        title: "No worker takes jobs",
        title_link: "https://git.example.com/worker-down.md",
        color: "danger",
      },
    ],
  });
  for (const line of [
    "Nothing is lost.",
    "Runbook: https://git.example.com/worker-down.md",
    "Traces of this time: https://console.example.com/search?start=1",
  ])
    expect(slack.attachments[0]?.text).toContain(line);

  const pager = JSON.parse((await call("/pagerduty")).body) as Record<string, unknown>;
  expect(pager).toMatchObject({
    routing_key: "routing-key-of-the-tests",
    event_action: "trigger",
    payload: { summary: "No worker takes jobs", severity: "critical" },
    links: [
      { href: "https://git.example.com/worker-down.md", text: "Runbook" },
      { href: "https://console.example.com/search?start=1", text: "Traces of this time" },
    ],
  });

  const alive = await call("/throughline");
  expect(alive.headers.authorization).toBe("Bearer token-of-the-tests");
  expect(JSON.parse(alive.body)).toMatchObject({ status: "firing", commonLabels: { alertname: "Watchdog" } });

  const mail = await until("the mail", () => mails[0]);
  expect(mail).toMatch(/^Subject: No worker takes jobs$/m);
  expect(mail).toContain("Runbook: https://git.example.com/worker-down.md");
  // Each of them hears of what is theirs only.
  expect(calls.filter(({ path }) => path === "/pagerduty")).toHaveLength(1);
  expect(mails).toHaveLength(1);
});
