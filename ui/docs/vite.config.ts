import { copyFileSync, mkdirSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { defineConfig, type Plugin } from "vite";

const outDir = fileURLToPath(new URL("../../router/web/static/docs", import.meta.url));
const swagger = dirname(createRequire(import.meta.url).resolve("swagger-ui-dist/package.json"));

/** Copies the ready-made bundle: it is one classic script and wants no bundling. */
function copySwagger(): Plugin {
  return {
    name: "copy-swagger-ui",
    closeBundle() {
      mkdirSync(outDir, { recursive: true });
      for (const file of ["swagger-ui-bundle.js", "swagger-ui-bundle.js.LICENSE.txt", "swagger-ui.css", "LICENSE", "NOTICE"]) {
        copyFileSync(join(swagger, file), join(outDir, file));
      }
    },
  };
}

export default defineConfig({
  base: "/static/docs/",
  plugins: [copySwagger()],
  publicDir: false,
  build: {
    outDir,
    emptyOutDir: true,
    target: "es2022",
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
});
