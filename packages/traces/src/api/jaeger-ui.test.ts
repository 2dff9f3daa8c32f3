import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { checkJaegerUi } from "./jaeger-ui.ts";
import { get, serverOver } from "./stored-traces.ts";

const index = `<!doctype html><html><head><script>
      function getJaegerUiConfig() {
        const DEFAULT_CONFIG = null;
        const JAEGER_CONFIG = DEFAULT_CONFIG;
        return JAEGER_CONFIG;
      }
      // JAEGER_CONFIG_JS
      // the line that goes with it
      const JAEGER_VERSION = DEFAULT_VERSION;
      const JAEGER_BACKEND_CAPABILITIES=DEFAULT_BACKEND_CAPABILITIES;
      const JAEGER_STORAGE_CAPABILITIES  =  DEFAULT_STORAGE_CAPABILITIES;
</script></head><body></body></html>`;

async function builtUi(config?: { name: string; text: string }) {
  const assets = await mkdtemp(join(tmpdir(), "throughline-jaeger-ui-"));
  onTestFinished(() => rm(assets, { recursive: true }));
  await mkdir(join(assets, "static"));
  await writeFile(join(assets, "index.html"), index);
  await writeFile(join(assets, "static", "main.js"), "export {};");
  const configFile = config === undefined ? undefined : join(assets, config.name);
  if (configFile !== undefined) await writeFile(configFile, config?.text ?? "");
  return { assets, configFile, version: "1.2.3" };
}

test("a Jaeger UI gets version and capabilities as from the stock binary, on every route of its own", async () => {
  const server = serverOver([], { jaegerUi: await builtUi() });
  for (const url of ["/", "/search", "/trace/abc", "/monitor"]) {
    const { status, type, body, headers } = await get(server, url);
    expect([url, status, type]).toEqual([url, 200, "text/html; charset=utf-8"]);
    expect(body).toContain(
      'JAEGER_VERSION = {"gitCommit":"","gitVersion":"throughline 1.2.3","buildDate":""};',
    );
    expect(body).toContain('JAEGER_BACKEND_CAPABILITIES = {"archiveStorage":true,"metricsStorage":true,');
    expect(body).toContain('JAEGER_STORAGE_CAPABILITIES = {"archiveStorage":true,');
    expect(body).toContain("const JAEGER_CONFIG = DEFAULT_CONFIG;");
    expect(headers["content-security-policy"]).toContain("script-src 'self' 'unsafe-inline'");
  }
  expect((await get(server, "/static/main.js")).body).toBe("export {};");
  expect((await get(server, "/static/gone.js")).status).toBe(404);
  expect((await get(server, "/api/none")).body).toBe("404 page not found\n");
});

test("its configuration is written into the page, and cannot end the script that it stands in", async () => {
  const config = { name: "ui.json", text: '{ "menu": [{ "label": "</script>" }], "archiveEnabled": true }' };
  const { body } = await get(serverOver([], { jaegerUi: await builtUi(config) }), "/");
  expect(body).toContain('JAEGER_CONFIG = {"menu":[{"label":"\\u003c/script>"}],"archiveEnabled":true};');
  const script = { name: "ui.js", text: "function UIConfig() {\n  return { a: '$&' };\n}" };
  const page = (await get(serverOver([], { jaegerUi: await builtUi(script) }), "/")).body;
  expect(page).toContain("function UIConfig() {\n  return { a: '$&' };\n}\n      const JAEGER_VERSION");
  expect(page).not.toContain("the line that goes with it");
});

test("a folder or a configuration that is none is said before anything starts", async () => {
  const ui = await builtUi();
  expect(() => checkJaegerUi(ui)).not.toThrow();
  expect(() => checkJaegerUi({ ...ui, assets: "/nonexistent" })).toThrow(
    "--ui /nonexistent: there is no index.html",
  );
  expect(() => checkJaegerUi({ ...ui, configFile: "/nonexistent.json" })).toThrow("no such file");
  expect(() => checkJaegerUi({ ...ui, configFile: "ui.yaml" })).toThrow("expected a .json or .js file");
});
