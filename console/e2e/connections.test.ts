/**
 * Connections under Settings and on Home, the queue of the unowned, and problems by owner; on the fixture server, which has
 * a connection in every state. What is done to a connection of a real server is in kept.test.ts.
 */
import { describe, expect, it } from "vitest";
import { at, part, press } from "./connecting";
import { findings, seen, useBrowser } from "./pages";

useBrowser();

describe("connections under Settings", () => {
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
    await seen(added.getByText("10 of 10 passed"), added.getByText("Working"));
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
    await seen(
      home.getByText(/The new token was tested and is in use · audit row \d+/),
      home.getByText("Working", { exact: true }),
    );
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
    await seen(result.getByText(/Ask one of locked/), result.getByText(/audit row/));
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

describe("whose things are", () => {
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

describe("accessibility of the rest", () => {
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
