import { fork } from "node:child_process";
import { once } from "node:events";
import { hostname } from "node:os";
import { expect, onTestFinished, test } from "vitest";
import { openStore, temporaryDirectory } from "./open-store.ts";

test("a second store on the same directory is refused and told who holds it", async () => {
  const directory = await temporaryDirectory();
  await openStore({ directory });
  await expect(openStore({ directory })).rejects.toMatchObject({
    code: "TL_DATA_DIRECTORY_IN_USE",
    message: expect.stringContaining(`process ${process.pid} on ${hostname()}`),
  });
});

test("the directory is free again once its holder was killed", { timeout: 60_000 }, async () => {
  const directory = await temporaryDirectory();
  const holder = fork(new URL("../../test/crash/append-until-killed.ts", import.meta.url), [directory], {
    execArgv: [],
  });
  onTestFinished(() => void holder.kill("SIGKILL"));
  await once(holder, "message");
  await expect(openStore({ directory })).rejects.toMatchObject({
    code: "TL_DATA_DIRECTORY_IN_USE",
    message: expect.stringContaining(`process ${holder.pid} `),
  });
  holder.kill("SIGKILL");
  await once(holder, "exit");
  await openStore({ directory });
});

test("a path that cannot be a directory is named", async () => {
  const directory = `${import.meta.filename}/traces`;
  await expect(openStore({ directory })).rejects.toMatchObject({
    code: "TL_DATA_DIRECTORY_UNUSABLE",
    message: expect.stringContaining(directory),
  });
});
