import { describe, expect, it } from "vitest";
import { findings, open, PHONE, seen, target, useBrowser, WIDE } from "./pages";

useBrowser();

it("finds an entity by ⌘K and opens it", async () => {
  const page = await open("/");
  await page.keyboard.press("Control+k");
  const field = page.getByPlaceholder("Search, or type a command").last();
  await field.fill("ticketing");
  await seen(
    page.getByRole("button", { name: /ticketing-web/ }).or(page.getByRole("option", { name: /ticketing-web/ })),
  );
  await page.keyboard.press("Enter");
  await expect.poll(() => page.getByRole("heading", { level: 1 }).textContent()).toContain("ticketing");
});

it("runs commands by ⌘K", async () => {
  const page = await open("/");
  await page.keyboard.press("Control+k");
  await page.getByPlaceholder("Search, or type a command").last().fill("no owner");
  await page.getByText("Show what has no owner").click();
  await page.waitForURL(/evidence=missing/);
});

it("goes between pages by keys, but not while one types", async () => {
  const page = await open("/");
  await page.keyboard.press("g");
  await page.keyboard.press("p");
  await page.getByRole("heading", { level: 1, name: "Problems" }).waitFor();
  await page.keyboard.press("/");
  await page.keyboard.type("gc");
  await page.waitForURL(/q=gc/);
  expect(new URL(page.url()).pathname).toBe("/problems");
});

it("explains the keys and can turn the single ones off", async () => {
  const page = await open("/");
  await page.keyboard.press("?");
  const help = page.getByRole("dialog", { name: "Keys" });
  await help.getByRole("checkbox").click();
  await page.keyboard.press("Escape");
  await help.waitFor({ state: "hidden" });
  await page.keyboard.press("g");
  await page.keyboard.press("c");
  await page.keyboard.press("?");
  expect(new URL(page.url()).pathname).toBe("/");
  expect(await help.count()).toBe(0);
});

it("says how old everything is, and who acts", async () => {
  const page = await open("/");
  await seen(page.getByRole("banner").getByText(/Synced \d+ (s|min) ago/), page.getByText("Local operator"));
});

it("answers on Home what is wrong, whose things are and how many there are", async () => {
  const page = await open("/");
  const wrong = page.getByRole("region", { name: "What is wrong" });
  await seen(wrong.getByRole("listitem"));
  await page.getByRole("link", { name: "Components" }).click();
  await page.waitForURL(/kind=component/);
});

it("narrows problems by severity", async () => {
  const page = await open("/problems");
  await page.getByRole("checkbox", { name: /^Warning/ }).click();
  await page.waitForURL(/severity=warning/);
  const icons = page.getByRole("list", { name: "Problems" }).getByRole("img", { name: "Error" });
  await expect.poll(() => icons.count()).toBe(0);
});

it("shows the connections and follows the chosen colours", async () => {
  const page = await open("/settings", { colorScheme: "light" });
  await seen(page.getByText("Last complete read"));
  await page.getByRole("button", { name: "Dark" }).click();
  const scheme = () => page.evaluate(() => document.documentElement.dataset.mantineColorScheme);
  await expect.poll(scheme).toBe("dark");
  await page.reload();
  expect(await scheme()).toBe("dark");
});

it("sends its pages with a policy that allows no inline script and no other host", async () => {
  const answer = await fetch(`${target.url}/catalog/user/default/with.a.dot`);
  expect(answer.status).toBe(200);
  const policy = answer.headers.get("content-security-policy") ?? "";
  expect(policy).toMatch(/script-src 'self'(;|$)/);
  expect(policy).toMatch(/default-src '(self|none)'/);
});

const PAGES = [
  "/",
  "/catalog?kind=component",
  "/catalog?q=no-such-thing-anywhere",
  "/catalog/component/default/payments-api",
  "/catalog/component/default/payments-api?as=table",
  "/catalog/component/default/payments-api?tab=source",
  "/catalog/component/default/payments-api?tab=relations",
  "/catalog/component/default/loyalty-api",
  "/catalog/component/default/not-there",
  "/problems",
  "/settings",
];

describe.each(["light", "dark"] as const)("accessibility, %s", (colorScheme) => {
  it.each(PAGES)("%s, wide and on a phone", async (path) => {
    for (const viewport of [WIDE, PHONE]) {
      const page = await open(path, { colorScheme, viewport, reducedMotion: "reduce" });
      if (path === PAGES[3] && viewport === WIDE)
        await seen(page.getByRole("region", { name: "Graph of relations" }).getByRole("link"));
      expect(await findings(page), `${path} ${colorScheme} ${viewport.width}`).toEqual([]);
    }
  });

  it("the palette and the help", async () => {
    const page = await open("/", { colorScheme, reducedMotion: "reduce" });
    await page.keyboard.press("Control+k");
    await page.getByPlaceholder("Search, or type a command").last().fill("pay");
    await seen(page.getByText(/payments-api/));
    expect(await findings(page)).toEqual([]);
    await page.keyboard.press("Escape");
    await page.getByRole("button", { name: "Keys and help" }).click();
    await seen(page.getByRole("dialog", { name: "Keys" }));
    expect(await findings(page)).toEqual([]);
  });
});
