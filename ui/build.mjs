// Builds the browser parts (desk, widget, docs) that are present beside this file.
//
// In: ui/<part>/vite.config.ts. Out: whatever folder that configuration names, inside the Python packages.
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build } from "vite";

const parts = ["desk", "widget", "docs"];
const wanted = process.argv.slice(2);

for (const part of wanted.length > 0 ? wanted : parts) {
  const configFile = fileURLToPath(new URL(`./${part}/vite.config.ts`, import.meta.url));
  if (existsSync(configFile)) {
    await build({ configFile, root: fileURLToPath(new URL(`./${part}`, import.meta.url)), logLevel: "warn" });
  } else if (wanted.length > 0) {
    throw new Error(`There is no browser part "${part}": ${configFile} is missing.`);
  }
}
