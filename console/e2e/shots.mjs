// `node e2e/shots.mjs [URL] [FOLDER]`: pictures of every page, light and dark, wide and narrow, to be looked at.
// Without an address (or with "-") the fixture server is started, with the scene that `SCENE` names.
import { mkdirSync } from "node:fs";
import { chromium } from "playwright-core";
import { start } from "../dev/server.mjs";
import { LAUNCH } from "./browser.mjs";

const [address, folder = "shots"] = process.argv.slice(2);
const fixture = address && address !== "-" ? null : await start({ scene: process.env.SCENE ?? "default" });
const url = fixture?.url ?? address;
mkdirSync(folder, { recursive: true });
/** The page of the first entity that a query finds. */
async function pageOf(query) {
  const answer = await fetch(`${url}/api/v1/entities?limit=1&${query}`);
  const [row] = (await answer.json()).items;
  return `/catalog/${row.ref.replace(":", "/")}`;
}

async function firstConnection() {
  const answer = await fetch(`${url}/api/v1/connections`);
  const [connection] = (await answer.json()).items;
  return connection ? `/settings/connections/${connection.name}` : "/settings";
}

const PAGES = {
  home: "/",
  catalog: "/catalog?kind=component",
  "catalog-all": "/catalog?sort=-problems",
  "catalog-none": "/catalog?kind=component&q=zzzz",
  entity: process.env.STAGEDOOR_ENTITY ?? "/catalog/component/default/payments-api",
  "entity-relations": "/catalog/component/default/payments-api?tab=relations",
  "entity-source": "/catalog/component/default/payments-api?tab=source",
  "entity-inferred": await pageOf("kind=component&origin=inferred"),
  "entity-system": "/catalog/system/default/checkout",
  "entity-api": "/catalog/api/default/payments-v2?tab=definition",
  "entity-problems": await pageOf("kind=component&origin=file&sort=-problems"),
  "entity-conflict": "/catalog/component/default/loyalty-api",
  "entity-group": "/catalog/group/default/checkout",
  "entity-404": "/catalog/component/default/payment-api",
  problems: "/problems",
  "problems-by-owner": "/problems?by=owner",
  unowned: "/unowned",
  removed: "/removed",
  settings: "/settings",
  queue: "/settings/queue",
  system: "/settings/system",
  connection: await firstConnection(),
  connect: "/connect",
};
const only = process.env.ONLY?.split(",");
const browser = await chromium.launch(LAUNCH);
try {
  for (const scheme of ["light", "dark"]) {
    for (const [size, viewport] of Object.entries({
      wide: { width: 1440, height: 900 },
      phone: { width: 390, height: 844 },
    })) {
      const context = await browser.newContext({ colorScheme: scheme, viewport });
      const page = await context.newPage();
      page.on("console", (message) => message.type() === "error" && console.log(size, scheme, message.text()));
      page.on("pageerror", (error) => console.log(size, scheme, String(error)));
      for (const [name, path] of Object.entries(PAGES)) {
        if (only && !only.includes(name)) continue;
        await page.goto(url + path);
        await page.locator("h1").waitFor();
        await page.waitForFunction(() => !document.querySelector("[aria-busy=true]"));
        await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
        await page.screenshot({ path: `${folder}/${name}-${size}-${scheme}.png` });
      }
      await context.close();
    }
  }
} finally {
  await browser.close();
  await fixture?.close();
}
