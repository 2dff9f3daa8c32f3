import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

// Everything is a file of its own: the console's content security policy allows no inline script.
export default defineConfig({
  plugins: [react()],
  build: { outDir: "dist", emptyOutDir: true, assetsInlineLimit: 0, modulePreload: { polyfill: false } },
  server: { proxy: { "/api": "http://127.0.0.1:16686" } },
});
