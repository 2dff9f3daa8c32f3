/** What a span costs: create and end, redaction, encoding, sending; ours and the SDK's stock exporter in one run, in processes of their own. */
import { execFile, execFileSync } from "node:child_process";
import { createServer } from "node:http";
import { promisify } from "node:util";
import { newDirectory, printMachine, start } from "./processes.ts";

const self = new URL("./tracing-work.ts", import.meta.url).pathname;
const rounds = Number(process.argv[2] ?? 3);

printMachine();
const directory = newDirectory();
const traces = await start(["traces"], directory.path);
const grpc = `http://${traces.ready["otlpGrpc"] ?? ""}`;
const http = `${traces.ready["otlpHttp"] ?? ""}/v1/traces`;

/** Median of the rounds, microseconds of CPU for a span. */
function cost(mode: string): number {
  const figures = Array.from({ length: rounds }, () =>
    Number(execFileSync(process.execPath, [self, mode, grpc, http], { encoding: "utf8" }).trim()),
  );
  return figures.sort((a, b) => a - b)[Math.floor(rounds / 2)] ?? Number.NaN;
}

const modes = {
  sdk: "create and end alone (SDK)",
  redact: "redaction of a span's ten strings, warm",
  cold: "redaction of ten strings never seen",
  all: "all in: create, end, redact, encode, send",
  stock: "stock exporter, plainly: create, end, encode, send; no redaction",
} as const;
const found = new Map<string, number>();
for (const [mode, name] of Object.entries(modes)) {
  const figure = cost(mode);
  found.set(mode, figure);
  process.stdout.write(`${name}: ${figure.toFixed(2)} us CPU per span\n`);
}
process.stdout.write(
  `all in against stock: ${((found.get("all") ?? 0) / (found.get("stock") ?? 1)).toFixed(2)}\n`,
);

/** Takes every request and keeps nothing: what is lost then is lost by the sender. */
const bare = createServer((request, response) => request.resume().on("end", () => response.end()));
await new Promise<void>((resolve) => bare.listen(0, "127.0.0.1", resolve));
const { port } = bare.address() as { port: number };

const seconds = Number(process.argv[3] ?? 60);
const receivers = {
  "a receiver that keeps nothing": `http://127.0.0.1:${port}/v1/traces`,
  "our backend": http,
};
for (const [name, endpoint] of Object.entries(receivers)) {
  const { stdout } = await promisify(execFile)(process.execPath, [
    self,
    "steady",
    grpc,
    endpoint,
    String(seconds),
  ]);
  process.stdout.write(`10,000 spans a second for ${seconds} s to ${name}: ${stdout.trim()}\n`);
}
bare.close();
await traces.stop();
directory.remove();
