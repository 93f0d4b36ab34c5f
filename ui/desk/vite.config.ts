import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";

export default defineConfig({
  base: "/static/desk/",
  // `virtua` speaks React; Preact's compat layer is the same few functions.
  resolve: {
    alias: [
      { find: "react/jsx-runtime", replacement: "preact/jsx-runtime" },
      { find: "react-dom", replacement: "preact/compat" },
      { find: "react", replacement: "preact/compat" },
    ],
  },
  build: {
    outDir: fileURLToPath(new URL("../../router/web/static/desk", import.meta.url)),
    emptyOutDir: true,
    target: "es2022",
    // A data: URL would need a wider content security policy for scripts and styles.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
});
