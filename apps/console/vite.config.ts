import react from "@vitejs/plugin-react";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { defineConfig, type Plugin } from "vite";

/** Leaves each file compressed beside itself, as the backend sends it to whoever takes that. */
function compressed(): Plugin {
  return {
    name: "compressed",
    apply: "build",
    writeBundle({ dir = "dist" }) {
      for (const name of readdirSync(dir, { recursive: true, encoding: "utf8" })) {
        if (!/\.(?:js|css|html|svg)$/.test(name)) continue;
        const path = `${dir}/${name}`;
        const content = readFileSync(path);
        const quality = { params: { [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY } };
        writeFileSync(`${path}.br`, brotliCompressSync(content, quality));
        writeFileSync(`${path}.gz`, gzipSync(content, { level: 9 }));
      }
    },
  };
}

/** Puts `early.ts` before everything else, as a script of its own that waits for nothing. */
function earlyScript(): Plugin {
  return {
    name: "early-script",
    transformIndexHtml: {
      order: "post",
      handler: (_html, { bundle }) => {
        const attrs = { type: "module", async: true, crossorigin: true, fetchpriority: "high" };
        if (bundle === undefined)
          return [{ tag: "script", attrs: { ...attrs, src: "/src/early.ts" }, injectTo: "head-prepend" }];
        const built = Object.values(bundle).find((file) => file.type === "chunk" && file.name === "early");
        if (built?.type !== "chunk") throw new Error("early.ts was not built");
        return [
          { tag: "script", attrs: { ...attrs, src: `/${built.fileName}` }, injectTo: "head-prepend" },
          ...built.imports.map((file) => ({
            tag: "link",
            attrs: { rel: "modulepreload", crossorigin: true, href: `/${file}` },
            injectTo: "head-prepend" as const,
          })),
        ];
      },
    },
  };
}

// Everything is a file of its own: the console's content security policy allows nothing inline.
export default defineConfig({
  plugins: [react(), earlyScript(), compressed()],
  build: {
    outDir: "dist",
    emptyOutDir: true,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: { input: { index: "index.html", early: "src/early.ts" } },
  },
  server: { proxy: { "/api": "http://127.0.0.1:16686", "/admin": "http://127.0.0.1:16686" } },
});
