/** What is done to connections that a real server keeps. */
import { describe, expect, it } from "vitest";
import { atReal, enter, fresh, part, press, tested } from "./connecting";
import { findings, seen, useBrowser } from "./pages";

useBrowser();

const KEPT = "/settings/connections/main";

describe.runIf(fresh)("a kept connection", () => {
  const { gitlab = "", tokens = {} } = fresh ?? {};
  const main = { main: "maintainer" };

  it("is listed as working, and tested again in place", async () => {
    const page = await atReal("/settings", { main: "read_only" });
    const card = page.getByRole("article", { name: "main" });
    await seen(card.getByText("Working, reading only"), card.getByText("kept encrypted"), card.getByText(/^Asking/));
    await card.getByRole("button", { name: "Test again" }).click();
    await seen(card.getByRole("region", { name: "To read" }).getByText(/^\d+ of \d+ passed$/));
    await seen(card.getByText(/tested .* ago/));
  });

  it("reads what a preview found, and names the audit row", async () => {
    const page = await atReal(KEPT, main);
    await press(page, "Change…");
    const form = page.getByRole("form", { name: "What is read" });
    await form.getByLabel("Only projects that match").fill("sandrill/(");
    await form.getByRole("button", { name: "Preview" }).click();
    const field = form.getByLabel("Only projects that match");
    await expect.poll(() => field.getAttribute("aria-invalid")).toBe("true");
    await field.fill("");
    await form.getByLabel("Groups", { exact: true }).fill("sandrill/checkout");
    await form.getByRole("button", { name: "Preview" }).click();
    await seen(form.getByText(/This would find .*\d+ projects? in \d+ groups?/));
    await seen(form.getByText(/^sandrill\/checkout\//));
    await form.getByRole("button", { name: /^Save/ }).click();
    await seen(page.getByText(/^sandrill\/checkout$/), page.getByText(/It is read so from now on · audit row \d+/));
  });

  it("keeps the old token until the new one can read", async () => {
    const page = await atReal(`${KEPT}?act=token`, main);
    const dialog = page.getByRole("dialog", { name: "New token for main" });
    const field = dialog.getByLabel("Token", { exact: true });
    await field.fill(tokens.no_scope ?? "");
    await dialog.getByRole("button", { name: "Test and replace" }).click();
    await seen(dialog.getByText(/The one there is stays in use/), dialog.getByText(/read_api/));
    await field.fill(tokens.read_only ?? "");
    await page.keyboard.press("Enter");
    await dialog.waitFor({ state: "hidden" });
    await seen(page.getByText(/is in use · audit row \d+/), page.getByText("Working, reading only"));
  });

  it("has its token rotated by GitLab", async () => {
    const page = await atReal(KEPT, { main: "self_rotate" });
    await press(page, "Rotate token…");
    const dialog = page.getByRole("dialog", { name: "Rotate the token of main" });
    await dialog.getByRole("button", { name: "Rotate token" }).click();
    await dialog.waitFor({ state: "hidden" });
    await seen(page.getByText(/GitLab made a new token, and the old one has ended · audit row \d+/));
    await press(page, "Test again");
    await tested(page);
    await seen(page.getByText("Working, reading only"));
  });

  it("hears of changes by webhooks, and says which could not be registered", async () => {
    const page = await atReal(KEPT, main);
    await seen(page.getByText(/^Asking/));
    await press(page, "Register webhooks…");
    const dialog = page.getByRole("dialog", { name: "Webhooks for main" });
    await dialog.getByLabel("For").selectOption("project");
    await dialog.getByLabel("Which projects").fill("sandrill/checkout/payments-api\nsandrill/none");
    await dialog.getByRole("button", { name: "Register 2" }).click();
    const result = dialog.getByRole("list", { name: "Registered" });
    await seen(result.getByText(/^registered/), result.getByText(/audit row \d+/));
    const refused = result.getByRole("listitem").filter({ hasText: "sandrill/none" });
    expect((await refused.innerText()).length).toBeGreaterThan(30);
    expect(await findings(page)).toEqual([]);
  });

  it("is removed with everything it brought", async () => {
    const page = await atReal(KEPT, main);
    await press(page, "Remove…");
    await page.getByRole("dialog").getByRole("button", { name: "Remove main" }).click();
    await page.waitForURL(/\/settings$/);
    await seen(page.getByText("No connection."));
    await page.getByRole("link", { name: "Home" }).first().click();
    await page.waitForURL(/\/connect$/);
  });

  it("is not made twice", async () => {
    const page = await atReal("/connect", main);
    await enter(page, gitlab, tokens.read_only ?? "");
    await page.getByLabel("Name").fill("main");
    await press(page, "Test");
    await press(page, /^Continue/);
    await seen(page.getByText(/There is a connection main already/));
    const [name, url] = [page.getByLabel("Name"), page.getByLabel("GitLab address")];
    expect(await name.getAttribute("aria-invalid")).toBe("true");
    await expect.poll(() => name.evaluate((element) => element === document.activeElement)).toBe(true);
    await name.fill("other");
    await press(page, /^Continue/);
    await seen(page.getByText(/main reads .* already/i));
    expect(await url.getAttribute("aria-invalid")).toBe("true");
    await page.getByText("What to read", { exact: true }).click();
    await press(page, "Preview");
    await seen(page.getByText(/This would find/));
  });

  it("begins from what another catalog was configured with", async () => {
    const page = await atReal("/connect");
    await page.getByText("What to read", { exact: true }).click();
    const chosen = page.waitForEvent("filechooser");
    await press(page, "Import app-config.yaml");
    const host = new URL(gitlab).host;
    const yaml = `integrations:
  gitlab:
    - host: ${host}
      baseUrl: ${gitlab}
      token: secret-of-the-file
catalog:
  providers:
    gitlab:
      all:
        host: ${host}
        group: sandrill
        fallbackBranch: main
        skipForkedRepos: true
`;
    await (await chosen).setFiles({ name: "app-config.yaml", mimeType: "text/yaml", buffer: Buffer.from(yaml) });
    await expect.poll(() => page.getByLabel("GitLab address").inputValue()).toContain(host);
    expect(await page.getByLabel("Groups", { exact: true }).inputValue()).toBe("sandrill");
    expect(await page.content()).not.toContain("secret-of-the-file");
    await page.getByLabel("Token", { exact: true }).fill(tokens.maintainer ?? "");
    await press(page, "Test");
    await page.getByRole("button", { name: "Connect", exact: true }).click();
    await seen(page.getByText("Connected.", { exact: true }));
  });

  it("fails while GitLab does not know its file, and says which", async () => {
    const page = await atReal("/connect");
    await page.getByLabel("GitLab address").fill(gitlab);
    await press(page, "file");
    await page.getByLabel("File with the token").fill("not-there");
    await press(page, "Test");
    await seen(page.getByText(/not-there/).nth(0), page.getByRole("alert").or(part(page, "To read")));
    expect(await page.getByRole("button", { name: /^(Connect|Continue)/ }).count()).toBe(0);
  });
});

describe.runIf(fresh)("accessibility of a real connection", () => {
  it.each([
    ["light", false],
    ["light", true],
    ["dark", false],
    ["dark", true],
  ] as const)("%s, phone %s", async (colorScheme, phone) => {
    for (const path of ["/", "/settings", KEPT, `${KEPT}?act=remove`, "/unowned"]) {
      const page = await atReal(path, path === "/" ? { main: "expiring" } : {}, { colorScheme, phone });
      expect(await findings(page), path).toEqual([]);
    }
  });
});
