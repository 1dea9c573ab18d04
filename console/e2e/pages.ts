/** What all browser tests share: a page that fails the test when the console complains, and words for waiting. */
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { type Browser, type BrowserContextOptions, chromium, type Locator, type Page } from "playwright-core";
import { afterAll, beforeAll, expect, inject, onTestFinished } from "vitest";
import { LAUNCH } from "./browser.mjs";

export const target = inject("target");

export const WIDE = { width: 1440, height: 900 };
export const PHONE = { width: 390, height: 844 };

let browser: Browser;

export function useBrowser(): void {
  beforeAll(async () => {
    browser = await chromium.launch(LAUNCH);
  });
  afterAll(async () => {
    await browser.close();
  });
}

/** A page of its own for the test. Errors of scripts and of the content security policy fail it at the end. */
export async function open(path: string, options: BrowserContextOptions & { base?: string } = {}): Promise<Page> {
  const { base = target.url, ...rest } = options;
  const context = await browser.newContext({ viewport: WIDE, ...rest });
  context.setDefaultTimeout(10_000);
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("console", (message) => {
    // A refusal that the test asked for is logged by the browser itself.
    if (message.type() === "error" && !/status of (400|404|409|422)/.test(message.text()))
      complaints.push(message.text());
  });
  onTestFinished(async () => {
    await context.close();
    expect(complaints).toEqual([]);
  });
  await page.goto(base + path);
  await page.getByRole("heading", { level: 1 }).waitFor();
  return page;
}

export async function seen(...locators: Locator[]): Promise<void> {
  for (const locator of locators) await locator.first().waitFor({ state: "visible" });
}

export function query(page: Page): URLSearchParams {
  return new URL(page.url()).searchParams;
}

/** "20 of 42" → [20, 42] */
export async function counts(page: Page): Promise<[number, number]> {
  const text = await page
    .getByText(/^[\d,]+ of [\d,]+$/)
    .first()
    .textContent();
  const [shown = Number.NaN, all = Number.NaN] = (text ?? "").replaceAll(",", "").split(" of ").map(Number);
  return [shown, all];
}

const source = readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

type Finding = { id: string; help: string; nodes: { html: string; failureSummary?: string }[] };

/** What axe finds on the page as it stands. */
export async function findings(page: Page): Promise<string[]> {
  await page.waitForFunction(() => document.querySelector("[aria-busy=true]") === null);
  await page.evaluate(await source);
  const violations = await page.evaluate(async () => {
    const axe = (globalThis as unknown as { axe: { run: (options: unknown) => Promise<{ violations: Finding[] }> } })
      .axe;
    const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
    return (await axe.run({ runOnly: tags })).violations;
  });
  return violations.map(
    (v) => `${v.id}: ${v.help}\n${v.nodes.map((n) => `  ${n.html}\n  ${n.failureSummary}`).join("\n")}`,
  );
}
