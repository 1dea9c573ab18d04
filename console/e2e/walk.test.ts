/**
 * The way of a newcomer on an awkward network, all parts real: a GitLab under a private authority, a proxy with user name
 * and password, and Stagedoor without any configuration. The page alone leads on from each failure.
 */
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { enter, press, tested } from "./connecting";
import {
  type Authority,
  authority,
  folder,
  freePort,
  type Gitlab,
  gitlab,
  type Running,
  type Squid,
  squid,
  stagedoor,
} from "./network";
import { open, seen, useBrowser } from "./pages";

const binary = process.env.STAGEDOOR_BIN;
const PROXIED = "gitlab.sandrill.test";

useBrowser();

describe.runIf(binary)("a newcomer", () => {
  const parts: Running[] = [];
  let room: ReturnType<typeof folder>;
  let ca: Authority;
  let sandrill: Gitlab;
  let proxy: Squid;
  let server: Running & { url: string };

  beforeAll(async () => {
    if (!binary) return;
    const keep = <T extends Running>(part: T): T => {
      parts.push(part);
      return part;
    };
    room = folder();
    ca = authority(room.path);
    const tls = ca.leaf("localhost", `DNS:localhost,DNS:${PROXIED},IP:127.0.0.1`);
    sandrill = keep(await gitlab(binary, { tls }));
    // The proxy finds a GitLab that we do not, and does not reach the one beside us.
    const hosts = { [PROXIED]: "127.0.0.1", localhost: "127.0.0.9" };
    proxy = keep(await squid(room.path, "keeper", "p@ss:word/1", hosts));
    server = keep(await stagedoor(binary, `${room.path}/data`));
  });
  afterAll(async () => {
    for (const part of parts.reverse()) await part.stop();
    room?.remove();
  });

  const fill = (page: Page, label: string, value: string) => page.getByLabel(label, { exact: true }).fill(value);

  /** Tests, and expects one check to fail that says these words, with a remedy; nothing can be connected. */
  async function stops(page: Page, title: string, ...words: RegExp[]): Promise<void> {
    await page.getByRole("button", { name: /^Test( again)?$/ }).click();
    await tested(page);
    const read = page.getByRole("region", { name: "To read", exact: true });
    const row = read.getByRole("listitem").filter({ hasText: "Failed" });
    for (const word of words) await seen(row.filter({ hasText: title }).filter({ hasText: word }));
    expect(await row.count()).toBe(1);
    expect((await row.locator("p").first().innerText()).length).toBeGreaterThan(15);
    expect(await page.getByRole("button", { name: /^(Connect|Continue)/ }).count()).toBe(0);
  }

  it("is led from one failure to the next until the catalog fills, and back when the token ends", async () => {
    const { tokens, port } = sandrill;
    const token = (role: string) => tokens[role] ?? "";
    const page = await open("/", { base: server.url });
    await page.waitForURL(/\/connect$/);

    // The address.
    await enter(page, "https://gitlab.sandrill.invalid", token("deploy"));
    await stops(page, "The name does not resolve", /spelling/);
    await fill(page, "GitLab address", `https://localhost:${await freePort()}/`);
    await stops(page, "The port does not open", /nothing listens/i, /port/);

    // The way there: all is said to go through the proxy.
    await fill(page, "GitLab address", `https://localhost:${port}/sandrill/checkout`);
    await page.getByText("Proxy and certificates", { exact: true }).click();
    await fill(page, "Proxy", proxy.url);
    await stops(page, "The proxy does not lead there", /wants a user name and password/);
    await fill(page, "Proxy", `http://keeper:wrong@127.0.0.1:${proxy.port}`);
    await stops(page, "The proxy does not lead there", /wrong/);
    await fill(page, "Proxy", `http://keeper:${encodeURIComponent("p@ss:word/1")}@127.0.0.1:${proxy.port}`);
    await stops(page, "The proxy does not lead there", /noProxy/);
    await fill(page, "Not through the proxy", "localhost");
    await stops(page, "The certificate's authority is not known here", /Sandrill Root CA/);
    await fill(page, "Certificates to trust", ca.pem);

    // The token; on the way the address of a group became GitLab's.
    await stops(page, "This is no token for the API", /deploy token/i);
    await seen(page.getByText(/^Corrected from/));
    expect(await page.getByLabel("GitLab address").inputValue()).toMatch(new RegExp(`^https://localhost:${port}/?$`));
    await fill(page, "Token", token("expired"));
    await stops(page, "The token has expired", /new token/);
    await fill(page, "Token", token("lonely"));
    await stops(page, "The token sees no project", /member/);
    await fill(page, "Token", token("read_only"));
    await press(page, "Test again");
    await tested(page);
    await press(page, "Continue, reading only");

    // The catalog fills.
    await seen(page.getByText("Connected, reading only."), page.getByText(/audit row \d+/));
    await page.getByRole("region", { name: "The catalog is filled" }).waitFor({ timeout: 30_000 });
    const filled = page.getByRole("region", { name: "The catalog is filled" });
    await seen(filled.getByText(/\d+ of \d+ projects/), filled.getByRole("listitem").getByRole("link"));
    await filled.getByRole("link", { name: "To the catalog" }).click();
    await page.getByRole("table", { name: "Catalog" }).getByRole("row").nth(1).waitFor();
    await page.getByRole("link", { name: "Settings" }).first().click();
    await page.getByRole("link", { name: "Manage" }).click();
    await page.waitForURL(/\/settings\/connections\/./);
    const name = new URL(page.url()).pathname.split("/").at(-1) ?? "";
    await page.getByRole("heading", { level: 1, name }).waitFor();
    await seen(page.getByText("Working, reading only"), page.getByText("kept encrypted"));
    await seen(page.getByText(proxy.url), page.getByText(/not for localhost/));
    expect(await page.content()).not.toContain("p@ss");

    // The token ends in GitLab.
    await sandrill.control("PUT", "tokens/read_only", { state: "revoked" });
    await press(page, "Test again");
    await tested(page);
    await seen(page.getByText("Failing"), page.getByText(/^since/), page.getByText(/It worked until/));
    await seen(page.getByText(/revoked/).first());
    await page.getByRole("link", { name: "Home" }).first().click();
    const wrong = page.getByRole("region", { name: "What is wrong" });
    await seen(wrong.getByText(/stopped working/));
    await wrong.getByRole("link", { name: "Update token" }).click();
    const dialog = page.getByRole("dialog", { name: `New token for ${name}` });
    await dialog.getByLabel("Token", { exact: true }).fill(token("no_scope"));
    await dialog.getByRole("button", { name: "Test and replace" }).click();
    await seen(dialog.getByText(/This token cannot read/), dialog.getByText(/read_api/).first());
    await dialog.getByLabel("Token", { exact: true }).fill(token("maintainer"));
    await dialog.getByRole("button", { name: "Test and replace" }).click();
    await dialog.waitFor({ state: "hidden" });
    await seen(page.getByText(/The new token was tested and is in use · audit row \d+/));
    await seen(page.getByText("Working", { exact: true }));
    expect(await page.getByText("Failing", { exact: true }).count()).toBe(0);

    // It goes, and what it brought with it.
    await press(page, "Remove…");
    const remove = page.getByRole("dialog", { name: `Remove ${name}` });
    await seen(remove.getByText(/\d+ entities of \d+ projects/));
    await remove.getByRole("button", { name: `Remove ${name}` }).click();
    await page.waitForURL(/\/settings$/);
    await seen(page.getByText("No connection."));
    const left = await (await fetch(`${server.url}/api/v1/entities?limit=1`)).json();
    expect((left as { total: number }).total).toBe(0);
    await page.goto(`${server.url}/`);
    await page.waitForURL(/\/connect$/);
  }, 180_000);

  it("reaches a GitLab that only the proxy finds", async () => {
    const page = await open("/connect", { base: server.url });
    await enter(page, `https://${PROXIED}:${sandrill.port}`, sandrill.tokens.group_bot ?? "");
    await stops(page, "The name does not resolve", /proxy/);
    await page.getByText("Proxy and certificates", { exact: true }).click();
    await fill(page, "Proxy", `http://keeper:${encodeURIComponent("p@ss:word/1")}@127.0.0.1:${proxy.port}`);
    await fill(page, "Certificates to trust", ca.pem);
    await press(page, "Test again");
    await page.getByRole("button", { name: "Connect", exact: true }).click();
    await seen(page.getByText("Connected.", { exact: true }));
    await page.getByRole("region", { name: "The catalog is filled" }).waitFor({ timeout: 30_000 });
    expect(proxy.seen()).toMatch(new RegExp(`CONNECT ${PROXIED}:${sandrill.port} keeper`));
    await fetch(`${server.url}/api/v1/connections/sandrill`, { method: "DELETE" });
  }, 90_000);
});
