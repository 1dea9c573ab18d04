import { expect, it } from "vitest";
import { start } from "../dev/server.mjs";
import { counts, open, PHONE, query, seen, useBrowser } from "./pages";

useBrowser();

const LIST = "/catalog?kind=component";

it("lists components with owner, evidence and a count", async () => {
  const page = await open(LIST);
  const table = page.getByRole("table", { name: "Catalog" });
  await seen(table.getByRole("link", { name: /payments-api/ }));
  const row = table.getByRole("row").filter({ has: page.getByRole("link", { name: /payments-api/ }) });
  await seen(row.getByText("Checkout"), row.getByText("file", { exact: true }), row.getByText("Production"));
  const [shown, all] = await counts(page);
  expect(shown).toBeGreaterThan(15);
  expect(all).toBeGreaterThan(shown);
});

it("narrows by a facet, keeps it in the address, and shows it as a token that can be removed", async () => {
  const page = await open(LIST);
  const [before] = await counts(page);
  const filters = page.getByRole("complementary", { name: "Filters" });
  await filters.getByRole("checkbox", { name: /^Website/ }).click();
  await page.waitForURL(/type=website/);
  await expect.poll(async () => (await counts(page))[0]).toBeLessThan(before);
  await seen(page.getByText("type: website"));
  await page.getByRole("button", { name: "Remove the filter type" }).click();
  await expect.poll(() => query(page).get("type")).toBeNull();
  await expect.poll(async () => (await counts(page))[0]).toBe(before);
});

it("opens the same rows from the same address", async () => {
  const page = await open("/catalog?kind=component&type=website&sort=-name");
  const names = page.getByRole("table", { name: "Catalog" }).getByRole("link");
  await seen(names);
  const texts = await names.allTextContents();
  expect(texts).toContain("ticketing-web");
  expect(texts).not.toContain("payments-api");
  expect(texts).toEqual(texts.toSorted((a, b) => b.localeCompare(a)));
});

it("takes typed tokens and offers values that fit", async () => {
  const page = await open("/catalog");
  await page.keyboard.press("/");
  const field = page.getByRole("combobox", { name: "Search the list" });
  await expect.poll(() => field.evaluate((element) => element === document.activeElement)).toBe(true);
  await page.keyboard.type("lifecycle:production ");
  await page.waitForURL(/lifecycle=production/);
  await expect.poll(() => field.inputValue()).toBe("");
  await page.keyboard.type("owner:chec");
  await page
    .getByRole("option", { name: /Checkout/ })
    .first()
    .waitFor();
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  await page.waitForURL(/owner=/);
  await page.keyboard.type("payments");
  await page.waitForURL(/q=payments/);
  await seen(page.getByRole("link", { name: /payments-api/ }));
});

it("sorts by the column that is pressed", async () => {
  const page = await open(LIST);
  await page.getByRole("button", { name: "Problems" }).click();
  await page.waitForURL(/sort=-problems/);
  await seen(page.getByRole("columnheader", { name: "Problems" }).and(page.locator("[aria-sort=descending]")));
  const first = page.getByRole("table", { name: "Catalog" }).getByRole("row").nth(1);
  await expect.poll(() => first.textContent()).toMatch(/error|Conflict|reference|owner|field/i);
});

it("moves with j and k, opens with Enter and comes back to the same row", async () => {
  const page = await open(LIST);
  const links = page.getByRole("table", { name: "Catalog" }).getByRole("link");
  await seen(links);
  const third = await links.nth(2).textContent();
  for (const key of ["j", "j", "j", "j", "k"]) await page.keyboard.press(key);
  await expect.poll(() => page.evaluate(() => document.activeElement?.textContent)).toBe(third);
  await page.keyboard.press("Enter");
  await expect.poll(() => page.getByRole("heading", { level: 1 }).textContent()).toBe(third);
  await page.goBack();
  await seen(page.locator("[data-cursor]").getByRole("link", { name: third ?? "" }));
});

it("says what to do when nothing matches", async () => {
  const page = await open("/catalog?kind=component&q=no-such-thing-anywhere");
  await seen(page.getByText("Nothing matches these 2 filters."));
  await page.getByRole("button", { name: "Clear filters" }).click();
  await expect.poll(async () => (await counts(page))[0]).toBeGreaterThan(15);
});

it("hides and shows columns, in the address", async () => {
  const page = await open(LIST);
  await page.getByRole("button", { name: "Columns" }).click();
  await page.getByRole("menuitemcheckbox", { name: "Lifecycle" }).click();
  await page.waitForURL(/cols=/);
  await expect.poll(() => page.getByRole("columnheader", { name: "Lifecycle" }).count()).toBe(0);
  await page.getByRole("menuitemcheckbox", { name: "Language" }).click();
  await seen(page.getByRole("columnheader", { name: "Language" }));
});

it("works on a phone: two lines a row, filters in a drawer, pages in the tab bar", async () => {
  const page = await open(LIST, { viewport: PHONE, hasTouch: true });
  const list = page.getByRole("list", { name: "Catalog" });
  await seen(list.getByRole("link"));
  const width = await page.evaluate(() => document.documentElement.scrollWidth);
  expect(width).toBeLessThanOrEqual(PHONE.width);
  await page.getByRole("button", { name: /^Filters/ }).tap();
  const drawer = page.getByRole("dialog", { name: "Filters" });
  await drawer.getByRole("checkbox", { name: /^Website/ }).tap();
  await drawer.getByRole("button", { name: /^Show/ }).tap();
  await page.waitForURL(/type=website/);
  await seen(list.getByRole("link", { name: /ticketing-web/ }));
  await page.getByRole("navigation", { name: "Pages" }).getByRole("link", { name: "Problems" }).tap();
  await expect.poll(() => page.getByRole("heading", { level: 1 }).textContent()).toBe("Problems");
});

// Always against the fixture: the sandbox's company is smaller than that.
it("scrolls ten thousand rows with a bounded number of them in the page", async () => {
  const many = await start({ extra: 10_000 });
  try {
    const page = await open("/catalog?kind=component", { base: many.url });
    const table = page.getByRole("table", { name: "Catalog" });
    await seen(table.getByRole("link"));
    expect(await table.getAttribute("aria-rowcount")).toBe("10021");
    const scroller = table.locator("xpath=..");
    await scroller.evaluate((element) => {
      element.scrollTop = element.scrollHeight;
    });
    // Pages come by cursor, one after the other, until the end is reached.
    await seen(table.getByRole("link", { name: /vehicle-deck-planner|timetable-web|tide-feed/ }));
    expect(await table.getByRole("row").count()).toBeLessThan(80);
    await scroller.evaluate((element) => {
      element.scrollTop = element.scrollHeight / 2;
    });
    await seen(table.getByRole("link", { name: /svc-0(4|5)\d\d\d/ }));
  } finally {
    await many.close();
  }
});
