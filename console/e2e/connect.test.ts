/**
 * Connecting a GitLab. Against the fixture server each check can be made to fail; `STAGEDOOR_CONNECT_URL` names a real
 * server without a connection instead, with `STAGEDOOR_CONNECT_GITLAB` (an address it can read),
 * `STAGEDOOR_CONNECT_READ_TOKEN` and `STAGEDOOR_CONNECT_API_TOKEN`; what only the fixture can do is skipped then.
 */
import type { Page } from "playwright-core";
import { describe, expect, it, onTestFinished } from "vitest";
import { start } from "../dev/server.mjs";
import { findings, open, PHONE, seen, useBrowser, WIDE } from "./pages";

useBrowser();

const { STAGEDOOR_CONNECT_URL: real, STAGEDOOR_CONNECT_GITLAB: realGitlab } = process.env;
const fixture = !real;
const GITLAB = realGitlab ?? "https://gitlab.sandrill.example";
const READ = process.env.STAGEDOOR_CONNECT_READ_TOKEN ?? "glpat-read";
const API = process.env.STAGEDOOR_CONNECT_API_TOKEN ?? "glpat-full";

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
async function at(path: string, options: Options & { phone?: boolean; colorScheme?: "light" | "dark" } = {}) {
  const { phone, colorScheme = "light", ...rest } = options;
  const base = await server(rest);
  return open(path, { base, viewport: phone ? PHONE : WIDE, colorScheme, reducedMotion: "reduce" });
}

async function enter(page: Page, url: string, token: string): Promise<void> {
  await page.getByLabel("GitLab address").fill(url);
  await page.getByLabel("Token", { exact: true }).fill(token);
}

const press = (page: Page, name: string | RegExp) => page.getByRole("button", { name }).click();
const part = (page: Page, name: string) => page.getByRole("region", { name, exact: true });

async function tested(page: Page): Promise<void> {
  await page.getByRole("button", { name: "Test again" }).waitFor();
  await page.waitForFunction(() => document.querySelector("[aria-busy=true]") === null);
}

/** Counts what the page sends. */
function counting(page: Page, method: string, path: RegExp): () => number {
  let sent = 0;
  page.on("request", (request) => {
    if (request.method() === method && path.test(new URL(request.url()).pathname)) sent += 1;
  });
  return () => sent;
}

describe("the first run", () => {
  it("is where Home leads while there is no connection, and says what is stored", async () => {
    const page = await at("/");
    await page.waitForURL(/\/connect$/);
    await seen(page.getByRole("heading", { level: 1, name: "Connect your GitLab" }), page.getByText(/^First start/));
    expect(await page.getByRole("navigation").count()).toBe(0);
    await press(page, "What is stored?");
    await seen(page.getByRole("dialog", { name: "What is stored" }).getByText(/Encrypted/));
  });

  it("welcomes a token that reads, says what else it lacks, and fills the catalog", async () => {
    const page = await at("/connect", { first: 3 });
    await enter(page, GITLAB, READ);
    await press(page, "Test");
    await seen(part(page, "To read").getByText(/^\d+ of \d+ passed$/));
    await seen(page.getByRole("button", { name: "Continue, reading only" }));
    await seen(part(page, "To act and to hear").getByText("Failed"));
    if (fixture) {
      await seen(page.getByText(/Group token of sandrill, 90 days left\./));
      await seen(page.getByText("3 failed, none stops you from reading"));
      await seen(page.getByRole("link", { name: "Token page of sandrill" }));
      await seen(page.getByRole("button", { name: "Copy stagedoor.sandrill.example" }));
    }
    await press(page, "Continue, reading only");
    await seen(page.getByText("Connected, reading only."));
    const filling = page.getByRole("region", { name: /^The catalog is fill/ });
    await seen(filling.getByText(/of [\d,]+ projects?/), filling.getByRole("progressbar"));
    await seen(filling.getByRole("list", { name: "Read last" }).getByRole("link"));
    await page.getByRole("region", { name: "The catalog is filled" }).waitFor({ timeout: 30_000 });
    await page.getByRole("link", { name: "To the catalog" }).click();
    await page.getByRole("table", { name: "Catalog" }).waitFor();
  });

  it("connects with a token that acts", async () => {
    const page = await at("/connect");
    await enter(page, GITLAB, API);
    await page.keyboard.press("Enter");
    await seen(page.getByRole("button", { name: "Connect", exact: true }));
    if (fixture) await seen(part(page, "To act and to hear").getByText("4 of 4 passed"));
    await press(page, "Connect");
    await seen(page.getByText("Connected.", { exact: true }));
    expect(await page.content()).not.toContain(API);
  });

  it("shows each check when it ends, and stops when the form changes", async () => {
    const page = await at("/connect", { pace: 100 });
    await enter(page, GITLAB, READ);
    await press(page, "Test");
    const read = part(page, "To read");
    await seen(read.getByText("Passed"), page.getByText("Not yet").first());
    if (!fixture) return;
    await seen(read.getByText("Checking"));
    await page.getByLabel("GitLab address").fill("https://gitlab.other.example");
    await seen(page.getByText(/the test was stopped/));
    expect(await page.getByText("Checking").count()).toBe(0);
    await press(page, "Test again");
    await seen(page.getByRole("button", { name: "Continue, reading only" }));
  });

  it.runIf(fixture)("says so when the test breaks off", async () => {
    const page = await at("/connect");
    await page.route("**/connections/test", (route) =>
      route.fulfill({ contentType: "text/event-stream", body: 'event: check\ndata: {"id":"address"' }),
    );
    await enter(page, GITLAB, API);
    await press(page, "Test");
    await seen(page.getByRole("alert").getByText("The test broke off"));
    expect(await page.getByRole("button", { name: /Connect|Continue/ }).count()).toBe(0);
  });

  it("asks what is missing before it asks the server", async () => {
    const page = await at("/connect");
    const sent = counting(page, "POST", /connections/);
    await press(page, "Test");
    await seen(page.getByText("Which GitLab?"));
    await expect.poll(() => page.evaluate(() => document.activeElement?.id)).toBe("connect-url");
    await page.keyboard.type(GITLAB);
    await press(page, "Test");
    await seen(page.getByText("Which token?"));
    expect(sent()).toBe(0);
  });

  it("does one thing for two quick presses", async () => {
    const page = await at("/connect", { pace: 20 });
    await enter(page, GITLAB, API);
    const tests = counting(page, "POST", /connections\/test$/);
    const adds = counting(page, "POST", /connections$/);
    await page.getByRole("button", { name: "Test" }).dblclick();
    await page.getByRole("button", { name: "Connect", exact: true }).dblclick();
    await seen(page.getByText("Connected.", { exact: true }));
    expect([tests(), adds()]).toEqual([1, 1]);
  });

  it("takes a connect button away when the form is about something else", async () => {
    const page = await at("/connect");
    await enter(page, GITLAB, API);
    await press(page, "Test");
    const connect = page.getByRole("button", { name: "Connect", exact: true });
    await connect.waitFor();
    await page.getByLabel("Name").fill("main");
    expect(await connect.count()).toBe(1);
    await page.getByLabel("Token", { exact: true }).fill("glpat-other");
    await seen(page.getByText(/changed since this was tested/));
    expect(await connect.count()).toBe(0);
  });

  it("names a file or a variable instead of the token", async () => {
    const page = await at("/connect");
    await press(page, "file");
    await seen(page.getByLabel("File with the token"));
    await press(page, "variable");
    await page.getByLabel("Variable with the token").fill("STAGEDOOR_SECRET_GITLAB");
    const asked = page.waitForRequest(/connections\/test$/);
    await page.getByLabel("GitLab address").fill(GITLAB);
    await press(page, "Test");
    const draft = (await asked).postDataJSON() as Record<string, unknown>;
    expect(draft.tokenFrom).toEqual({ env: "STAGEDOOR_SECRET_GITLAB" });
    expect(draft).not.toHaveProperty("token");
  });

  it("reveals the token by keyboard", async () => {
    const page = await at("/connect");
    await enter(page, GITLAB, READ);
    const field = page.getByLabel("Token", { exact: true });
    expect(await field.getAttribute("type")).toBe("password");
    await field.focus();
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    await expect.poll(() => field.getAttribute("type")).toBe("text");
  });
});

describe.runIf(fixture)("what can be wrong", () => {
  it.each([
    ["https://nowhere.example", "glpat-full", "The name is not found"],
    ["https://closed.example", "glpat-full", "The port refuses"],
    ["https://selfsigned.example", "glpat-full", "The certificate is signed by nobody we know"],
    ["https://proxied.example", "glpat-full", "The proxy refuses"],
    ["https://page.example", "glpat-full", "This is not a GitLab"],
    ["https://old.example", "glpat-full", "GitLab 13.1 is too old"],
    [GITLAB, "glpat-wrong", "GitLab does not accept the token"],
    [GITLAB, "glpat-deploy", "This is a deploy token"],
    [GITLAB, "glpat-noscope", "The token may not read"],
    [GITLAB, "glpat-nographql", "GraphQL does not answer"],
    [GITLAB, "glpat-empty", "The token sees no project"],
  ])("%s %s: %s", async (url, token, title) => {
    const page = await at("/connect");
    await enter(page, url, token);
    await press(page, "Test");
    await tested(page);
    const row = page.getByRole("listitem").filter({ hasText: title }).filter({ hasText: "Failed" });
    await seen(row, page.getByText("Not reached", { exact: true }).first());
    expect((await row.first().locator("p").first().textContent())?.length).toBeGreaterThan(10);
    expect(await page.getByRole("button", { name: /Connect|Continue/ }).count()).toBe(0);
  });

  it("shows the address as corrected and says so", async () => {
    const page = await at("/connect");
    await enter(page, "gitlab.sandrill.example/users/sign_in", API);
    await press(page, "Test");
    await seen(page.getByText(/Corrected from/));
    expect(await page.getByLabel("GitLab address").inputValue()).toBe("https://gitlab.sandrill.example");
    await seen(page.getByRole("button", { name: "Connect", exact: true }));
  });

  it("takes a certificate from a file", async () => {
    const page = await at("/connect");
    await enter(page, "https://selfsigned.example", API);
    await page.getByText("Proxy and certificates", { exact: true }).click();
    const chosen = page.waitForEvent("filechooser");
    await press(page, "From a file");
    await (await chosen).setFiles({ name: "ca.pem", mimeType: "text/plain", buffer: Buffer.from("-----BEGIN X-----") });
    await expect.poll(() => page.getByLabel("Certificates to trust").inputValue()).toBe("-----BEGIN X-----");
    await press(page, "Test");
    await seen(page.getByRole("button", { name: "Connect", exact: true }));
  });

  it("previews what would be found, and says at the field what is wrong", async () => {
    const page = await at("/connect");
    await enter(page, GITLAB, API);
    await page.getByText("What to read", { exact: true }).click();
    await page.getByLabel("Groups", { exact: true }).fill("sandrill/checkout");
    await press(page, "Preview");
    await seen(
      page.getByText(/This would find 212 projects in 41 groups/),
      page.getByText("sandrill/checkout/fares-api"),
    );
    await page.getByLabel("Only projects that match").fill("sandrill/(");
    expect(await page.getByText(/This would find/).count()).toBe(0);
    await press(page, "Preview");
    const field = page.getByLabel("Only projects that match");
    await seen(page.getByText(/a bracket is not closed/));
    expect(await field.getAttribute("aria-invalid")).toBe("true");
  });

  it("imports what another catalog's configuration says", async () => {
    const page = await at("/connect");
    await page.getByText("What to read", { exact: true }).click();
    const chosen = page.waitForEvent("filechooser");
    await press(page, "Import app-config.yaml");
    const yaml = "integrations:\n  gitlab:\n    - host: gitlab.one.example\n    - host: gitlab.two.example\n";
    await (await chosen).setFiles({ name: "app-config.yaml", mimeType: "text/yaml", buffer: Buffer.from(yaml) });
    await expect.poll(() => page.getByLabel("GitLab address").inputValue()).toBe("https://gitlab.one.example");
    await page.getByLabel("Which GitLab of the file").selectOption({ label: "https://gitlab.two.example" });
    await expect.poll(() => page.getByLabel("GitLab address").inputValue()).toBe("https://gitlab.two.example");
    expect(await page.getByLabel("Never these").inputValue()).toBe("sandrill/attic");
    await seen(page.getByText(/schedule is not taken over/));
  });

  it("says at the name that it is taken", async () => {
    const page = await at("/connect", { scene: "many" });
    await seen(page.getByRole("heading", { name: "Connect another GitLab" }));
    await enter(page, GITLAB, API);
    await page.getByLabel("Name").fill("fleet");
    await press(page, "Test");
    await press(page, "Connect");
    await seen(page.getByText(/called fleet already/));
    await page.getByLabel("Name").fill("fleet-2");
    await press(page, "Connect");
    await seen(page.getByText("Connected.", { exact: true }));
  });

  it("shows who could, to whom may not", async () => {
    const page = await at("/connect", { allowed: false });
    const sent = counting(page, "POST", /connections/);
    await enter(page, GITLAB, API);
    // By keyboard: it stays reachable, and explains itself.
    await page.getByRole("button", { name: "Test" }).focus();
    await page.keyboard.press("Enter");
    await seen(page.getByText("Not allowed"), page.getByText("an administrator of Stagedoor"));
    expect(sent()).toBe(0);
  });
});

describe.each(["light", "dark"] as const)("accessibility, %s", (colorScheme) => {
  it("the first run, before and after a test, and while the catalog fills", async () => {
    for (const phone of [false, true]) {
      const page = await at("/connect", { colorScheme, phone, first: 30 });
      expect(await findings(page)).toEqual([]);
      for (const title of ["Proxy and certificates", "What to read"])
        await page.getByText(title, { exact: true }).click();
      await enter(page, GITLAB, READ);
      await press(page, "Test");
      await seen(page.getByRole("button", { name: "Continue, reading only" }));
      expect(await findings(page)).toEqual([]);
      await press(page, "Continue, reading only");
      await seen(page.getByRole("list", { name: "Read last" }).getByRole("link"));
      expect(await findings(page)).toEqual([]);
    }
  });
});

describe.runIf(fixture)("connections under Settings", () => {
  const page = (path: string) => at(path, { scene: "many" });

  it("shows the state of each, with what to do", async () => {
    const settings = await page("/settings");
    const main = settings.getByRole("article", { name: "main" });
    await seen(
      main.getByText("Failing"),
      main.getByText("The token expired"),
      main.getByRole("link", { name: "Token page of sandrill" }),
      main.getByText(/Asking/),
    );
    const fleet = settings.getByRole("article", { name: "fleet" });
    await seen(
      fleet.getByText("Working, reading only"),
      fleet.getByText("The token ends in 9 days."),
      fleet.getByText("sandrill/fleet · without sandrill/fleet/attic"),
    );
    await seen(settings.getByRole("article", { name: "new" }).getByText("Untested"));
    await seen(settings.getByRole("article", { name: "sandrill" }).getByText("from file gitlab-token"));
  });

  it("tests again in place", async () => {
    const settings = await page("/settings");
    const added = settings.getByRole("article", { name: "new" });
    await added.getByRole("button", { name: "Test again" }).click();
    await seen(added.getByText("12 of 12 passed"), added.getByText("Working"));
    await added.getByRole("link", { name: "Manage" }).click();
    await settings.getByRole("heading", { level: 1, name: "new" }).waitFor();
  });

  it("tests a new token before it takes the place of the old one", async () => {
    const home = await page("/");
    const wrong = home.getByRole("region", { name: "What is wrong" });
    await seen(wrong.getByText(/stopped working 12 min ago: the token expired/));
    await wrong.getByRole("link", { name: "Update token" }).click();
    const dialog = home.getByRole("dialog", { name: "New token for main" });
    const field = dialog.getByLabel("Token", { exact: true });
    await expect.poll(() => field.evaluate((element) => element === document.activeElement)).toBe(true);
    await dialog.getByRole("button", { name: "Test and replace" }).click();
    await seen(dialog.getByText("Which token?"));
    await field.fill("glpat-noscope");
    await dialog.getByRole("button", { name: "Test and replace" }).click();
    await seen(dialog.getByText(/the one there is stays in use/i).last(), dialog.getByText("The token may not read"));
    await field.fill("glpat-full");
    await home.keyboard.press("Enter");
    await dialog.waitFor({ state: "hidden" });
    await seen(home.getByText("The new token was tested and is in use."), home.getByText("Working", { exact: true }));
    await home.getByRole("link", { name: "Home" }).first().click();
    await home.getByRole("heading", { level: 1, name: "Home" }).waitFor();
    await expect.poll(() => home.getByText(/stopped working/).count()).toBe(0);
  });

  it("rotates a token after saying what happens", async () => {
    const fleet = await page("/settings/connections/fleet");
    await press(fleet, "Rotate token…");
    const dialog = fleet.getByRole("dialog", { name: "Rotate the token of fleet" });
    await seen(dialog.getByText(/ends at once/));
    await dialog.getByRole("button", { name: "Rotate token" }).click();
    await seen(fleet.getByText(/GitLab made a new token/), fleet.getByText(/90 days left/));
  });

  it("changes what is read after a preview", async () => {
    const fleet = await page("/settings/connections/fleet");
    await press(fleet, "Change…");
    const form = fleet.getByRole("form", { name: "What is read" });
    await form.getByLabel("Groups", { exact: true }).fill("sandrill/harbour");
    expect(await form.getByRole("button", { name: /^Save/ }).count()).toBe(0);
    await form.getByRole("button", { name: "Preview" }).click();
    await seen(form.getByText(/This would find/));
    await form.getByRole("button", { name: /^Save/ }).click();
    await seen(fleet.getByText(/^sandrill\/harbour · without/));
  });

  it("registers webhooks, and says which could not be", async () => {
    const fleet = await page("/settings/connections/fleet");
    await press(fleet, "Register webhooks…");
    const dialog = fleet.getByRole("dialog", { name: "Webhooks for fleet" });
    await dialog.getByLabel("For").selectOption("group");
    await dialog.getByLabel("Which groups").fill("sandrill\nlocked");
    await seen(dialog.getByRole("button", { name: "Register 2" }));
    await fleet.keyboard.press("Control+Enter");
    const result = dialog.getByRole("list", { name: "Registered" });
    await seen(result.getByText("registered, and it arrives"), result.getByText(/only a Maintainer/));
    await dialog.getByRole("button", { name: "Close" }).last().click();
    await seen(fleet.getByText("Listening"));
  });

  it("removes one after restating which and what goes with it", async () => {
    const fleet = await page("/settings/connections/fleet");
    await press(fleet, "Remove…");
    const dialog = fleet.getByRole("dialog", { name: "Remove fleet" });
    await seen(dialog.getByText("https://gitlab.fleet.example"), dialog.getByText(/42 entities of 41 projects/));
    await dialog.getByRole("button", { name: "Remove fleet" }).click();
    await fleet.waitForURL(/\/settings$/);
    await seen(fleet.getByRole("article", { name: "main" }));
    await expect.poll(() => fleet.getByRole("article", { name: "fleet" }).count()).toBe(0);
  });

  it("only looks at what the configuration file declares", async () => {
    const declared = await page("/settings/connections/sandrill");
    await seen(declared.getByText("Declared in the configuration file."));
    for (const name of ["Update token…", "Rotate token…", "Change…", "Remove…"])
      expect(await declared.getByRole("button", { name }).count(), name).toBe(0);
    await seen(declared.getByRole("button", { name: "Test again" }));
  });

  it("locks what policy refuses", async () => {
    const fleet = await at("/settings/connections/fleet", { scene: "many", allowed: false });
    const remove = fleet.getByRole("button", { name: "Remove…" });
    await expect.poll(() => remove.getAttribute("title")).toMatch(/RemoveConnection is for administrators/);
    await remove.focus();
    await fleet.keyboard.press("Enter");
    await seen(fleet.getByText("Not allowed"));
    expect(await fleet.getByRole("dialog").count()).toBe(0);
  });

  it("warns on Home of tokens about to end", async () => {
    const home = await page("/");
    const soon = home.getByRole("region", { name: "Tokens about to end" });
    await seen(soon.getByText("9 days left"));
    await soon.getByRole("link", { name: "fleet" }).click();
    await home.getByRole("heading", { level: 1, name: "fleet" }).waitFor();
  });
});

describe.runIf(fixture)("whose things are", () => {
  it("lists what has no owner or a guessed one, and leads to where to write it down", async () => {
    const page = await at("/unowned", { scene: "default" });
    const list = page.getByRole("list", { name: "Without an owner" });
    await seen(
      list.getByText("61 % of commits"),
      list.getByText("GitLab group · 40 % sure"),
      list.getByText("nothing points to anybody"),
    );
    await press(page, /^No owner/);
    await page.waitForURL(/ownership=unowned/);
    await expect.poll(() => list.getByRole("listitem").count()).toBe(2);
    const step = list.getByRole("link", { name: /^Add an owner.*tide-feed/ });
    await step.hover();
    await expect.poll(() => step.getAttribute("href")).toMatch(/\/tide-feed\/-\/new\/main\?file_name=CODEOWNERS$/);
  });

  it("is reached from Home and from Problems", async () => {
    const page = await at("/", { scene: "default" });
    await page.getByRole("link", { name: "Queue of the unowned" }).click();
    await page.getByRole("heading", { level: 1, name: "Without an owner" }).waitFor();
    await page.getByRole("link", { name: "Problems" }).first().click();
    await page.getByRole("link", { name: "Queue of the unowned" }).click();
    await page.waitForURL(/\/unowned$/);
  });

  it("groups problems by owner, in the address", async () => {
    const page = await at("/problems", { scene: "default" });
    await press(page, "By owner");
    await page.waitForURL(/by=owner/);
    await seen(part(page, "Checkout").getByText(/checkout-legacy/));
    const harbour = page.getByRole("button", { name: /^Harbour Ops/ });
    expect(await harbour.getAttribute("aria-expanded")).toBe("false");
    await harbour.click();
    await seen(part(page, "Harbour Ops").getByText(/502/));
    await page.getByRole("checkbox", { name: /^Warning/ }).click();
    await page.waitForURL(/severity=warning/);
    expect(page.url()).toContain("by=owner");
    await expect.poll(() => page.getByRole("button", { name: /^Harbour Ops/ }).count()).toBe(0);
  });
});

describe.runIf(fixture)("accessibility of the rest", () => {
  const PAGES = [
    "/",
    "/settings",
    "/settings/connections/fleet",
    "/settings/connections/main",
    "/settings/connections/sandrill",
    "/settings/connections/gone",
    "/settings/connections/fleet?act=token",
    "/settings/connections/fleet?act=rotate",
    "/settings/connections/fleet?act=remove",
    "/settings/connections/fleet?act=webhooks",
    "/unowned",
    "/problems?by=owner",
  ];
  describe.each(["light", "dark"] as const)("%s", (colorScheme) => {
    it.each(PAGES)("%s, wide and on a phone", async (path) => {
      for (const phone of [false, true]) {
        const page = await at(path, { scene: "many", colorScheme, phone });
        if (path.includes("act=")) await seen(page.getByRole("dialog"));
        expect(await findings(page), `${path} ${colorScheme} ${phone ? "phone" : "wide"}`).toEqual([]);
      }
    });
  });
});
