/** Connecting a GitLab: what a person does on the first run, and all that can be wrong. */
import { describe, expect, it } from "vitest";
import { API, at, counting, enter, GITLAB, part, press, SIDES, tested } from "./connecting";
import { findings, seen, useBrowser } from "./pages";

useBrowser();

describe.each(SIDES)("the first run, %s", (_, side) => {
  it("is where Home leads while there is no connection, and says what is stored", async () => {
    const page = await side.at("/");
    await page.waitForURL(/\/connect$/);
    await seen(page.getByRole("heading", { level: 1, name: "Connect your GitLab" }), page.getByText(/^First start/));
    expect(await page.getByRole("navigation").count()).toBe(0);
    await press(page, "What is stored?");
    await seen(page.getByRole("dialog", { name: "What is stored" }).getByText(/Encrypted/));
  });

  it("welcomes a token that reads, says what else it lacks, and fills the catalog", async () => {
    const page = await side.at("/connect", { first: 3 });
    await enter(page, side.gitlab, side.read);
    await press(page, "Test");
    await seen(part(page, "To read").getByText(/^\d+ of \d+ passed$/));
    await seen(page.getByRole("button", { name: "Continue, reading only" }));
    await seen(part(page, "To act and to hear").getByText("Failed"));
    if (!side.real) {
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
    const page = await side.at("/connect");
    await enter(page, side.gitlab, side.api);
    await page.keyboard.press("Enter");
    await seen(page.getByRole("button", { name: "Connect", exact: true }));
    if (!side.real) await seen(part(page, "To act and to hear").getByText("4 of 4 passed"));
    await press(page, "Connect");
    await seen(page.getByText("Connected.", { exact: true }));
    expect(await page.content()).not.toContain(side.api);
  });

  // A real one may answer before one can look.
  it.skipIf(side.real)("shows each check when it ends, and stops when the form changes", async () => {
    const page = await side.at("/connect", { pace: 100 });
    await enter(page, side.gitlab, side.read);
    await press(page, "Test");
    const read = part(page, "To read");
    await seen(read.getByText("Passed"), page.getByText("Not yet").first());
    await seen(read.getByText("Checking"));
    await page.getByLabel("GitLab address").fill("https://gitlab.other.example");
    await seen(page.getByText(/the test was stopped/));
    expect(await page.getByText("Checking").count()).toBe(0);
    await press(page, "Test again");
    await seen(page.getByRole("button", { name: "Continue, reading only" }));
  });

  it.skipIf(side.real)("says so when the test breaks off", async () => {
    const page = await side.at("/connect");
    await page.route("**/connections/test", (route) =>
      route.fulfill({ contentType: "text/event-stream", body: 'event: check\ndata: {"id":"address"' }),
    );
    await enter(page, side.gitlab, side.api);
    await press(page, "Test");
    await seen(page.getByRole("alert").getByText("The test broke off"));
    expect(await page.getByRole("button", { name: /Connect|Continue/ }).count()).toBe(0);
  });

  it("asks what is missing before it asks the server", async () => {
    const page = await side.at("/connect");
    const sent = counting(page, "POST", /connections/);
    await press(page, "Test");
    await seen(page.getByText("Which GitLab?"));
    await expect.poll(() => page.evaluate(() => document.activeElement?.id)).toBe("connect-url");
    await page.keyboard.type(side.gitlab);
    await press(page, "Test");
    await seen(page.getByText("Which token?"));
    expect(sent()).toBe(0);
  });

  it("does one thing for two quick presses", async () => {
    const page = await side.at("/connect", { pace: 20 });
    await enter(page, side.gitlab, side.api);
    const tests = counting(page, "POST", /connections\/test$/);
    const adds = counting(page, "POST", /connections$/);
    await page.getByRole("button", { name: "Test" }).dblclick();
    await page.getByRole("button", { name: "Connect", exact: true }).dblclick();
    await seen(page.getByText("Connected.", { exact: true }));
    expect([tests(), adds()]).toEqual([1, 1]);
  });

  it.skipIf(side.real)("does what was pressed before policy had answered", async () => {
    const page = await side.at("/connect");
    let answer = () => {};
    const held = new Promise<void>((resolve) => {
      answer = resolve;
    });
    await page.route("**/api/v1/permissions*", async (route) => {
      await held;
      await route.continue();
    });
    await enter(page, side.gitlab, side.api);
    const tests = counting(page, "POST", /connections\/test$/);
    await page.keyboard.press("Enter");
    await page.keyboard.press("Enter");
    expect(tests()).toBe(0);
    answer();
    await seen(page.getByRole("button", { name: "Connect", exact: true }));
    expect(tests()).toBe(1);
  });

  it("takes a connect button away when the form is about something else", async () => {
    const page = await side.at("/connect");
    await enter(page, side.gitlab, side.api);
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
    const page = await side.at("/connect");
    await press(page, "file");
    await seen(page.getByLabel("File with the token"));
    await press(page, "variable");
    await page.getByLabel("Variable with the token").fill("STAGEDOOR_SECRET_side.gitlab");
    const asked = page.waitForRequest(/connections\/test$/);
    await page.getByLabel("GitLab address").fill(side.gitlab);
    await press(page, "Test");
    const draft = (await asked).postDataJSON() as Record<string, unknown>;
    expect(draft.tokenFrom).toEqual({ env: "STAGEDOOR_SECRET_side.gitlab" });
    expect(draft).not.toHaveProperty("token");
  });

  it("reveals the token by keyboard", async () => {
    const page = await side.at("/connect");
    await enter(page, side.gitlab, side.read);
    const field = page.getByLabel("Token", { exact: true });
    expect(await field.getAttribute("type")).toBe("password");
    await field.focus();
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    await expect.poll(() => field.getAttribute("type")).toBe("text");
  });
});

describe("what can be wrong", () => {
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
    await seen(page.getByText(/There is a connection fleet already/));
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

describe.each(SIDES)("accessibility, %s", (_, side) => {
  it.each([
    ["light", "wide"],
    ["light", "phone"],
    ["dark", "wide"],
    ["dark", "phone"],
  ] as const)("the first run on its way, %s, %s", async (colorScheme, size) => {
    const page = await side.at("/connect", { colorScheme, phone: size === "phone", first: 30 });
    expect(await findings(page)).toEqual([]);
    for (const title of ["Proxy and certificates", "What to read"])
      await page.getByText(title, { exact: true }).click();
    await enter(page, side.gitlab, side.read);
    await press(page, "Test");
    await seen(page.getByRole("button", { name: "Continue, reading only" }));
    expect(await findings(page)).toEqual([]);
    await press(page, "Continue, reading only");
    await seen(page.getByRole("list", { name: "Read last" }).getByRole("link"));
    expect(await findings(page)).toEqual([]);
  });
});
