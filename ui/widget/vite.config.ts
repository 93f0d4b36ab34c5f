// Builds the chat widget into the webchat plugin: one classic script for shop pages, one page for the iframe.
import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

export default defineConfig({
  root: here("."),
  base: "/chat/v1/static/",
  publicDir: false,
  build: {
    target: "es2022",
    outDir: here("../../plugins/webchat/router_webchat/static"),
    emptyOutDir: true,
    assetsDir: "",
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: {
      input: { frame: here("frame.html"), loader: here("src/loader/loader.ts") },
      output: {
        // the loader's name is its version: a new one means a new file, so that its hash can be pinned
        entryFileNames: (chunk) => (chunk.name === "loader" ? "omni-loader-1.js" : "[name]-[hash].js"),
        chunkFileNames: "[name]-[hash].js",
        assetFileNames: "[name]-[hash][extname]",
        hashCharacters: "hex",
        // a classic script shares its top level with the shop's own scripts
        banner: (chunk) => (chunk.name === "loader" ? "(()=>{" : ""),
        footer: (chunk) => (chunk.name === "loader" ? "})();" : ""),
      },
    },
  },
});
