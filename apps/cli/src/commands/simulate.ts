import type { Command } from "commander";
import { type Flags, invalidSetting } from "../config.ts";
import { parseAddress, parseDuration } from "../runtime/address.ts";
import { openDataDirectory, writeReadyFile } from "../runtime/data-directory.ts";
import { explainListenError } from "../runtime/port-holder.ts";
import type { SimulatorOptions } from "../simulate/desk/simulator.ts";

const kinds = {
  desk: "a ServiceDesk Plus (API v3) or a Zammad",
  llm: "an OpenAI-compatible model server",
} as const;
type Kind = keyof typeof kinds;
const deskKinds = ["servicedesk-plus", "zammad"] as const;
const brokenKinds = ["hang", "garbage", "endless", "bomb", "cut", "inner"] as const;

export function addSimulateCommands(program: Command): void {
  const simulate = program
    .command("simulate")
    .description("faithful simulators of what Throughline talks to");
  for (const kind of Object.keys(kinds) as Kind[]) {
    const command = simulate
      .command(kind)
      .description(`simulate ${kinds[kind]}`)
      .option("--listen <HOST:PORT>", "where to listen", "127.0.0.1:0")
      .option("--data <DIR>", "its state, kept between runs", `.throughline/simulated-${kind}`)
      .option("--ready-file <FILE>", "written as JSON once it answers")
      .option("--fail <STATUS>", "answer this HTTP status instead of doing the work")
      .option("--delay <TIME>", "answer so much later")
      .option("--fail-rate <SHARE>", "fail this share of requests, 0 to 1")
      .option("--throttle <N>", "take so many requests a minute, answer 429 beyond")
      .option("--drop <SHARE>", "cut this share of connections without an answer, 0 to 1")
      .option("--key <KEY>", "the key it takes; without it any")
      .option(
        "--strict",
        kind === "desk"
          ? "an unknown request is an error; without it, it is made on first touch"
          : "an unknown model is an error",
      )
      .option("--answer <KIND>", `in place of a right answer: ${brokenKinds.join(", ")}`)
      .option("--on-reads", "faults hit what only reads, too");
    if (kind === "desk")
      command
        .option("--kind <KIND>", `which desk: ${deskKinds.join(" or ")}`, deskKinds[0])
        .option("--no-sync", "do not wait for the disk: for measuring what talks to it");
    else
      command
        .option("--gullible", "obey whatever a ticket asks for")
        .option("--cached <SHARE>", "of the prompt's tokens that count as cached, 0 to 1");
    command.action((flags: Flags) => run(kind, flags));
  }
}

async function run(kind: Kind, flags: Flags): Promise<void> {
  const listen = parseAddress(String(flags["listen"]));
  if (listen === undefined)
    throw invalidSetting("--listen", String(flags["listen"]), "expected host:port, for example 127.0.0.1:0");
  const dataDirectory = openDataDirectory(String(flags["data"]));
  const options = {
    listen,
    dataDirectory,
    strict: flags["strict"] === true,
    ...(typeof flags["key"] === "string" ? { key: flags["key"] } : {}),
    faults: faultsOf(flags),
  };
  const simulator = await startSimulator(kind, flags, options).catch((error: unknown) => {
    throw explainListenError(error, { listen });
  });
  process.stdout.write(`simulated ${kind} is ready at ${simulator.url}, data in ${dataDirectory}\n`);
  if (typeof flags["readyFile"] === "string")
    writeReadyFile(flags["readyFile"], { pid: process.pid, [kind]: simulator.url });
  await new Promise<void>((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => resolve());
  });
  await simulator.stop();
}

async function startSimulator(kind: Kind, flags: Flags, options: SimulatorOptions) {
  if (kind === "desk") {
    const { createDeskSimulator } = await import("../simulate/desk/simulator.ts");
    return createDeskSimulator({
      ...options,
      kind: oneOf(flags, "kind", deskKinds) ?? deskKinds[0],
      isSynced: flags["sync"] !== false,
    });
  }
  const { createLlmSimulator } = await import("../simulate/llm/simulator.ts");
  return createLlmSimulator({
    ...options,
    isGullible: flags["gullible"] === true,
    cachedShare: number(flags, "cached", isShare, "expected a number from 0 to 1") ?? 0,
  });
}

function faultsOf(flags: Flags) {
  const fail = number(
    flags,
    "fail",
    (value) => Number.isInteger(value) && value >= 400 && value <= 599,
    "expected an HTTP status from 400 to 599",
  );
  const failRate = number(flags, "failRate", isShare, "expected a number from 0 to 1");
  const drop = number(flags, "drop", isShare, "expected a number from 0 to 1");
  const throttle = number(
    flags,
    "throttle",
    (value) => Number.isInteger(value) && value > 0,
    "expected a whole number of requests a minute",
  );
  const answer = oneOf(flags, "answer", brokenKinds);
  const { delay } = flags;
  const delayMs = typeof delay === "string" ? parseDuration(delay) : undefined;
  if (typeof delay === "string" && delayMs === undefined) {
    throw invalidSetting("--delay", delay, "expected a duration such as 500ms or 2s");
  }
  return {
    ...(fail === undefined ? {} : { fail }),
    ...(failRate === undefined ? {} : { failRate }),
    ...(drop === undefined ? {} : { drop }),
    ...(throttle === undefined ? {} : { throttle }),
    ...(delayMs === undefined ? {} : { delayMs }),
    ...(answer === undefined ? {} : { answer }),
    ...(flags["onReads"] === true ? { reads: true } : {}),
  };
}

function oneOf<T extends string>(flags: Flags, name: string, values: readonly T[]): T | undefined {
  const text = flags[name];
  if (typeof text !== "string") return undefined;
  const found = values.find((value) => value === text);
  if (found === undefined) throw invalidSetting(`--${name}`, text, `expected one of ${values.join(", ")}`);
  return found;
}

function isShare(value: number): boolean {
  return value >= 0 && value <= 1;
}

function number(
  flags: Flags,
  name: string,
  isRight: (value: number) => boolean,
  expected: string,
): number | undefined {
  const text = flags[name];
  if (typeof text !== "string") return undefined;
  const value = Number(text);
  if (!isRight(value)) throw invalidSetting(`--${name.replace("R", "-r")}`, text, expected);
  return value;
}
