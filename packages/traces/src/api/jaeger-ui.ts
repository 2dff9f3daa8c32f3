import { ThroughlineError } from "@throughline/api/errors";
import { existsSync } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";

/** A built Jaeger UI in the console's place. */
export interface JaegerUi {
  /** Folder with `index.html` and `static/`. */
  assets: string;
  /** JSON object, or a script that defines UIConfig(). */
  configFile: string | undefined;
  version: string;
}

/** So long a configuration is good for. */
const configForMs = 10_000;
const capabilities = {
  archiveStorage: true,
  metricsStorage: true,
  aiAssistant: false,
  searchWithoutServiceName: true,
};

/** Throws ThroughlineError TL_SETTING_INVALID where there is no UI, or no configuration that can be read. */
export function checkJaegerUi({ assets, configFile }: JaegerUi): void {
  if (!existsSync(join(assets, "index.html")))
    throw new ThroughlineError(
      "TL_SETTING_INVALID",
      `--ui ${assets}: there is no index.html: expected the folder of a built Jaeger UI.`,
    );
  if (configFile === undefined) return;
  if (!/\.(json|js)$/.test(configFile))
    throw new ThroughlineError(
      "TL_SETTING_INVALID",
      `--ui-config ${configFile}: expected a .json or .js file.`,
    );
  if (!existsSync(configFile))
    throw new ThroughlineError("TL_SETTING_INVALID", `--ui-config ${configFile}: there is no such file.`);
}

/**
 * The index page with what the stock binary writes into it: configuration, version, capabilities (jaeger-ui's index.html names the places).
 * Files are read again when they may have changed.
 */
export class JaegerUiPage {
  private readonly ui: JaegerUi;
  private readonly nowMs: () => number;
  private config: { text: string; readAtMs: number } | undefined;
  private page: { text: string; changedMs: number } | undefined;

  constructor(ui: JaegerUi, nowMs: () => number) {
    this.ui = ui;
    this.nowMs = nowMs;
  }

  async html(): Promise<string> {
    const { version, configFile } = this.ui;
    let html = await this.index();
    const put = (place: RegExp, text: string): void => {
      html = html.replace(place, () => text);
    };
    const config = await this.readConfig();
    if (config !== undefined && configFile?.endsWith(".js") === true)
      put(/^[ \t]*\/\/[ \t]*JAEGER_CONFIG_JS.*\n.*/im, config);
    else if (config !== undefined) put(/JAEGER_CONFIG *= *DEFAULT_CONFIG *;/, `JAEGER_CONFIG = ${config};`);
    put(
      /JAEGER_VERSION *= *DEFAULT_VERSION *;/,
      `JAEGER_VERSION = ${JSON.stringify({ gitCommit: "", gitVersion: `throughline ${version}`, buildDate: "" })};`,
    );
    const known = JSON.stringify(capabilities);
    put(
      /JAEGER_BACKEND_CAPABILITIES *= *DEFAULT_BACKEND_CAPABILITIES *;/,
      `JAEGER_BACKEND_CAPABILITIES = ${known};`,
    );
    put(
      /JAEGER_STORAGE_CAPABILITIES *= *DEFAULT_STORAGE_CAPABILITIES *;/,
      `JAEGER_STORAGE_CAPABILITIES = ${known};`,
    );
    return html;
  }

  private async index(): Promise<string> {
    const file = join(this.ui.assets, "index.html");
    const { mtimeMs } = await stat(file);
    if (this.page?.changedMs !== mtimeMs)
      this.page = { text: await readFile(file, "utf8"), changedMs: mtimeMs };
    return this.page.text;
  }

  private async readConfig(): Promise<string | undefined> {
    const { configFile } = this.ui;
    if (configFile === undefined) return undefined;
    const now = this.nowMs();
    if (this.config !== undefined && now - this.config.readAtMs < configForMs) return this.config.text;
    const text = (await readFile(configFile, "utf8")).trim();
    this.config = {
      text: configFile.endsWith(".js") ? scriptOf(text, configFile) : jsonOf(text, configFile),
      readAtMs: now,
    };
    return this.config.text;
  }
}

/** As it may stand in a script: nothing in it ends the script. */
function jsonOf(text: string, file: string): string {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (cause) {
    throw new ThroughlineError("TL_SETTING_INVALID", `--ui-config ${file}: is no JSON.`, { cause });
  }
  if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed))
    throw new ThroughlineError("TL_SETTING_INVALID", `--ui-config ${file}: must hold a JSON object.`);
  return JSON.stringify(parsed).replaceAll("<", "\\u003c");
}

function scriptOf(text: string, file: string): string {
  if (/^\s*function +UIConfig *\( *\)/m.test(text)) return text;
  throw new ThroughlineError("TL_SETTING_INVALID", `--ui-config ${file}: must define a function UIConfig().`);
}
