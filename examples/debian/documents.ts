import { execFileSync, spawnSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";

const packages = ["debian-reference-en", "debian-faq", "manpages"];

/** Installs what is missing where that may be done; else the error names the packages. */
export function requirePackages(): void {
  const missing = packages.filter((name) => !isInstalled(name));
  if (missing.length === 0) return;
  if (process.getuid?.() !== 0 || spawnSync("sh", ["-c", "command -v apt-get"]).status !== 0) {
    throw new Error(
      `Debian's packages ${missing.join(", ")} are missing: apt-get install ${missing.join(" ")}`,
    );
  }
  const options = { stdio: "ignore", env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" } } as const;
  execFileSync("apt-get", ["update"], options);
  execFileSync("apt-get", ["install", "-y", "--no-install-recommends", ...missing], options);
}

/** Puts the three packages' documents into a folder: HTML as it is, manual pages as Markdown. Returns how many there are. */
export function collectDocuments(into: string): number {
  let count = 0;
  const copy = (from: string, folder: string, wanted: RegExp) => {
    mkdirSync(join(into, folder), { recursive: true });
    for (const name of existsSync(from) ? readdirSync(from) : []) {
      if (!wanted.test(name)) continue;
      cpSync(realpathSync(join(from, name)), join(into, folder, name));
      count++;
    }
  };
  copy("/usr/share/debian-reference", "debian-reference", /^ch\d+\.en\.html$|^index\.en\.html$/);
  copy("/usr/share/doc/debian/FAQ", "debian-faq", /\.en\.html$/);
  mkdirSync(join(into, "manpages"), { recursive: true });
  for (const page of pagesOf("manpages")) {
    const name = page.slice(page.lastIndexOf("/") + 1).replace(/\.gz$/, "");
    const text = manualPageToMarkdown(gunzipSync(readFileSync(page)).toString("utf8"));
    if (text === "") continue;
    writeFileSync(join(into, "manpages", `${name}.md`), text);
    count++;
  }
  return count;
}

/**
 * What a source package's own packages keep under /usr/share/doc: README, NEWS, FAQ and the like, each below the source's name.
 * Returns how many there are.
 */
export function collectPackageDocuments(into: string): number {
  const root = "/usr/share/doc";
  let count = 0;
  for (const name of readdirSync(root).sort()) {
    const changelog = ["changelog.Debian.gz", "changelog.gz"]
      .map((file) => join(root, name, file))
      .find(existsSync);
    const source = changelog === undefined ? undefined : sourceOf(changelog);
    if (source === undefined) continue;
    for (const file of readdirSync(join(root, name)).sort()) {
      if (!/^(?:README|NEWS|FAQ|TODO|HACKING|BUGS)/.test(file)) continue;
      const path = join(root, name, file);
      const raw = statSync(path).isFile() ? readFileSync(path) : Buffer.alloc(0);
      if (raw.length === 0 || raw.length > 100_000) continue;
      mkdirSync(join(into, "packages", source), { recursive: true });
      const target = `${name}-${file.replace(/\.gz$/, "").replace(/\W+/g, "-")}.txt`;
      writeFileSync(join(into, "packages", source, target), file.endsWith(".gz") ? gunzipSync(raw) : raw);
      count++;
    }
  }
  return count;
}

function sourceOf(changelog: string): string | undefined {
  return /^(\S+) \(/.exec(gunzipSync(readFileSync(changelog)).subarray(0, 200).toString("utf8"))?.[1];
}

function isInstalled(name: string): boolean {
  const { status, stdout } = spawnSync("dpkg-query", ["-W", "-f", "${db:Status-Status}", name], {
    encoding: "utf8",
  });
  return status === 0 && stdout === "installed";
}

function pagesOf(name: string): string[] {
  const listed = execFileSync("dpkg-query", ["-L", name], { encoding: "utf8" }).split("\n");
  return listed.filter((path) => /^\/usr\/share\/man\/man\d\/.*\.gz$/.test(path) && existsSync(path));
}

/** man(7) and mdoc(7) macros as far as headings and running text go: enough to be searched and quoted. */
function manualPageToMarkdown(roff: string): string {
  const lines: string[] = [];
  for (const line of roff.split("\n")) {
    if (/^[.']\s*\\"/.test(line)) continue;
    const [, macro = "", rest = ""] = /^[.']\s*(\w+)\s*(.*)$/.exec(line) ?? [];
    if (macro === "so") return "";
    if (macro === "TH" || macro === "Dt")
      lines.push(`# ${plain(rest.split(/\s+/).slice(0, 2).join(" "))}`, "");
    else if (/^(?:SH|Sh)$/.test(macro)) lines.push("", `## ${plain(rest)}`, "");
    else if (/^(?:SS|Ss)$/.test(macro)) lines.push("", `### ${plain(rest)}`, "");
    else if (/^(?:PP|P|LP|TP|IP|Pp|It|RS|RE)$/.test(macro))
      lines.push("", ...(macro === "IP" || macro === "It" ? [plain(rest)] : []));
    else if (/^(?:B|I|BR|RB|IR|RI|BI|IB|Nm|Nd|Xr|Fl|Ar|Pa)$/.test(macro)) lines.push(plain(rest));
    else if (!/^[.']/.test(line)) lines.push(plain(line));
  }
  return lines
    .join("\n")
    .replace(/\n{3,}/g, "\n\n")
    .trim();
}

function plain(text: string): string {
  return text
    .replace(/\\f(?:\[\w*\]|\(..|.)/g, "")
    .replace(/\\(?:\*|\()(?:lq|rq|aq|dq)/g, '"')
    .replace(/\\(?:&|\||\^|%|c$)/g, "")
    .replace(/\\-/g, "-")
    .replace(/\\e/g, "\\")
    .replace(/\\s[+-]?\d/g, "")
    .replace(/"/g, "")
    .replace(/^#+/, "")
    .trim();
}
