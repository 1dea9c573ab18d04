/**
 * What the tests of connections share. What a person does is done at both: at a real server without a connection, when
 * there is a binary, and at the fixture server, where each check can be made to fail and policy to refuse.
 */
import type { Page } from "playwright-core";
import { inject, onTestFinished } from "vitest";
import { start } from "../dev/server.mjs";
import { open, PHONE, WIDE } from "./pages";

export const GITLAB = "https://gitlab.sandrill.example";
export const READ = "glpat-read";
export const API = "glpat-full";

type Look = { phone?: boolean; colorScheme?: "light" | "dark" };
type Options = { scene?: string; pace?: number; first?: number; allowed?: boolean };

const show = (base: string, path: string, { phone, colorScheme = "light" }: Look) =>
  open(path, { base, viewport: phone ? PHONE : WIDE, colorScheme, reducedMotion: "reduce" });

/** A page of a fixture server of its own. */
export async function at(path: string, options: Options & Look = {}): Promise<Page> {
  return (await served(path, options)).page;
}

/** The same, with the server: to change something while the page is open. */
export async function served(path: string, options: Options & Look = {}) {
  const { phone, colorScheme, ...rest } = options;
  const server = await start({ scene: "first", pace: 2, ...rest });
  onTestFinished(server.close);
  const page = await show(server.url, path, { ...(phone ? { phone } : {}), ...(colorScheme ? { colorScheme } : {}) });
  return { page, server };
}

export const fresh = inject("fresh");

async function api<T>(method: string, path: string, body?: unknown): Promise<T> {
  const headers = { "content-type": "application/json" };
  const sent = body === undefined ? {} : { body: JSON.stringify(body) };
  const answer = await fetch(`${fresh?.url}/api/v1${path}`, { method, headers, ...sent });
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
  return (answer.status === 204 ? undefined : await answer.json()) as T;
}

/** The real server has none again. */
async function empty(): Promise<void> {
  const { items } = await api<{ items: { name: string }[] }>("GET", "/connections");
  for (const { name } of items) await api("DELETE", `/connections/${name}`);
}

/** A page of the real server, which has no connection but `kept`: name to the role of its token. */
export async function atReal(path: string, kept: Record<string, string> = {}, look: Look = {}): Promise<Page> {
  onTestFinished(empty);
  for (const [name, role] of Object.entries(kept))
    await api("POST", "/connections", { name, url: fresh?.gitlab, token: fresh?.tokens[role] ?? fresh?.admin });
  return show(fresh?.url ?? "", path, look);
}

export type Side = {
  real: boolean;
  gitlab: string;
  read: string;
  api: string;
  at: (path: string, options?: Pick<Options, "pace" | "first"> & Look) => Promise<Page>;
};

/** The servers on which a person does the same. */
export const SIDES: [string, Side][] = [["fixture", { real: false, gitlab: GITLAB, read: READ, api: API, at }]];
if (fresh) {
  const { gitlab, tokens } = fresh;
  const [read = "", api = ""] = [tokens.read_only, tokens.maintainer];
  SIDES.push(["real", { real: true, gitlab, read, api, at: (path, look = {}) => atReal(path, {}, look) }]);
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
