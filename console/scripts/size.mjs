// What a browser fetches before the first page stands: script and style, gzip, for each page a person may land on.
// Fails above the budget. Run after `npm run build`.
import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";

const BUDGET = 200 * 1000;
const DIST = new URL("../dist/", import.meta.url);
const manifest = JSON.parse(readFileSync(new URL(".vite/manifest.json", DIST), "utf8"));
const PAGES = [
  "home/Home",
  "connect/Connect",
  "catalog/Catalog",
  "entity/Entity",
  "problems/Problems",
  "unowned/Unowned",
  "removed/Removed",
  "queue/Queue",
  "settings/Settings",
  "settings/System",
  "settings/ConnectionPage",
];

const zipped = (file) => gzipSync(readFileSync(new URL(file, DIST)), { level: 9 }).length;

function files(key, seen = new Set()) {
  const chunk = manifest[key];
  if (!chunk) throw new Error(`no chunk ${key} in the manifest: run the build, or correct the list of pages`);
  if (seen.has(chunk.file)) return seen;
  seen.add(chunk.file);
  for (const style of chunk.css ?? []) seen.add(style);
  for (const next of chunk.imports ?? []) files(next, seen);
  return seen;
}

const kB = (bytes) => `${(bytes / 1000).toFixed(1)} kB`;
let worst = 0;
for (const page of PAGES) {
  const all = files(`src/pages/${page}.tsx`, files("index.html"));
  const sum = [...all].reduce((total, file) => total + zipped(file), zipped("scheme.js"));
  const style = [...all].filter((file) => file.endsWith(".css")).reduce((total, file) => total + zipped(file), 0);
  worst = Math.max(worst, sum);
  console.log(
    `${page.split("/")[1].padEnd(14)} ${kB(sum).padStart(9)}   (script ${kB(sum - style)}, style ${kB(style)})`,
  );
}
console.log(`budget         ${kB(BUDGET).padStart(9)}   worst ${kB(worst)}`);
if (worst > BUDGET) {
  console.error("Over the budget: find what the first page imports and load it later.");
  process.exit(1);
}
