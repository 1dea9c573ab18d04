/**
 * What the tests of connections share. Against the fixture server each check can be made to fail; `STAGEDOOR_CONNECT_URL` names a real
 * server without a connection instead, with `STAGEDOOR_CONNECT_GITLAB` (an address it can read),
 * `STAGEDOOR_CONNECT_READ_TOKEN` and `STAGEDOOR_CONNECT_API_TOKEN`; what only the fixture can do is skipped then.
 */
import type { Page } from "playwright-core";
import { onTestFinished } from "vitest";
import { start } from "../dev/server.mjs";
import { open, PHONE, WIDE } from "./pages";

const { STAGEDOOR_CONNECT_URL: real, STAGEDOOR_CONNECT_GITLAB: realGitlab } = process.env;
export const fixture = !real;
export const GITLAB = realGitlab ?? "https://gitlab.sandrill.example";
export const READ = process.env.STAGEDOOR_CONNECT_READ_TOKEN ?? "glpat-read";
export const API = process.env.STAGEDOOR_CONNECT_API_TOKEN ?? "glpat-full";

type Options = { scene?: string; pace?: number; first?: number; allowed?: boolean };

/** A server of its own for the test; the real one is emptied of what the test added. */
async function server(options: Options = {}): Promise<string> {
  if (real) {
    onTestFinished(async () => {
      const { items } = (await (await fetch(`${real}/api/v1/connections`)).json()) as {
        items: { name: string; declared: boolean }[];
      };
      for (const { name, declared } of items)
        if (!declared) await fetch(`${real}/api/v1/connections/${name}`, { method: "DELETE" });
    });
    return real;
  }
  const server = await start({ scene: "first", pace: 2, ...options });
  onTestFinished(server.close);
  return server.url;
}

/** Of a server of the fixture: pages of a scene. */
export async function at(path: string, options: Options & { phone?: boolean; colorScheme?: "light" | "dark" } = {}) {
  const { phone, colorScheme = "light", ...rest } = options;
  const base = await server(rest);
  return open(path, { base, viewport: phone ? PHONE : WIDE, colorScheme, reducedMotion: "reduce" });
}

export async function enter(page: Page, url: string, token: string): Promise<void> {
  await page.getByLabel("GitLab address").fill(url);
  await page.getByLabel("Token", { exact: true }).fill(token);
}

export const press = (page: Page, name: string | RegExp) => page.getByRole("button", { name }).click();
export const part = (page: Page, name: string) => page.getByRole("region", { name, exact: true });

export async function tested(page: Page): Promise<void> {
  await page.getByRole("button", { name: "Test again" }).waitFor();
  await page.waitForFunction(() => document.querySelector("[aria-busy=true]") === null);
}

/** Counts what the page sends. */
export function counting(page: Page, method: string, path: RegExp): () => number {
  let sent = 0;
  page.on("request", (request) => {
    if (request.method() === method && path.test(new URL(request.url()).pathname)) sent += 1;
  });
  return () => sent;
}
