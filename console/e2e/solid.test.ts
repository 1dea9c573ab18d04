/**
 * The queue, the replicas, what was removed, and what a page says about its own age while GitLab answers badly; on the
 * fixture server, where a storm can be had at will.
 */
import { describe, expect, it } from "vitest";
import { at, part, press, served } from "./connecting";
import { findings, seen, useBrowser } from "./pages";

useBrowser();

const STORM = { scene: "storm" };
const PAYMENTS = "/catalog/component/default/payments-api";

describe("the queue", () => {
  it("is found from Settings and from Home, with how many were given up", async () => {
    const page = await at("/", STORM);
    await part(page, "What is wrong").getByRole("link", { name: "3 jobs" }).click();
    await page.waitForURL(/\/settings\/queue\?state=dead$/);
    const tabs = page.getByRole("navigation", { name: "Settings" });
    await tabs.getByRole("link", { name: "System" }).click();
    await page.waitForURL(/\/settings\/system$/);
    await tabs.getByRole("link", { name: "Queue 3 dead" }).click();
    await page.waitForURL(/\/settings\/queue$/);
  });

  it("shows the dead first, with their last error and since when they fail", async () => {
    const page = await at("/settings/queue", STORM);
    const rows = page.getByRole("table", { name: "Jobs" }).getByRole("row");
    await expect.poll(() => rows.count()).toBe(12);
    const first = rows.nth(1);
    await seen(
      first.getByText("Dead"),
      first.getByText(/429 Too Many Requests/),
      first.getByText("Given up 1 h ago"),
      first.getByText("failing for 36 h"),
      page.getByText(/^The oldest due has waited for 3 min$/),
    );
    expect(await rows.last().innerText()).toContain("Look for changes");
    await first.getByRole("link", { name: "sandrill/checkout/payments-api" }).click();
    await page.waitForURL(/project=sandrill\/checkout\/payments-api/);
  });

  it("shows one state only, in the address", async () => {
    const page = await at("/settings/queue", STORM);
    await press(page, /^Retrying/);
    await page.waitForURL(/state=retrying/);
    await expect.poll(() => page.getByRole("row").count()).toBe(3);
    await press(page, /^Retrying/);
    await page.waitForURL(/queue$/);
    await expect.poll(() => page.getByRole("row").count()).toBe(12);
  });

  it("retries one, says so with its audit row, and follows until it is done", async () => {
    const page = await at("/settings/queue", STORM);
    await press(page, "Retry sandrill/checkout/payments-api");
    await seen(page.getByText(/^Read project, sandrill\/checkout\/payments-api: tried again now · audit row \d+$/));
    await seen(page.getByRole("button", { name: "Dead 2" }));
    // Nobody touches the page: it follows by itself.
    await expect.poll(() => page.getByText(/^GitLab answered 429/).count()).toBe(0);
    await expect.poll(() => page.getByRole("row").count(), { timeout: 10_000 }).toBe(11);
  });

  it("retries all", async () => {
    const page = await at("/settings/queue", STORM);
    await press(page, "Retry all 3 dead");
    await seen(
      page.getByText(/^3 dead jobs tried again now · audit row \d+$/),
      page.getByRole("button", { name: "Dead 0" }),
    );
    expect(
      await page
        .getByRole("button", { name: /^Retry/ })
        .filter({ hasText: "Retry all" })
        .count(),
    ).toBe(0);
  });

  it("asks before it drops one, and says what is lost", async () => {
    const page = await at("/settings/queue", STORM);
    await press(page, "Drop… sandrill/harbour/manifest-svc");
    const dialog = page.getByRole("dialog", { name: "Drop this job" });
    await seen(
      dialog.getByText(/sandrill\/harbour\/manifest-svc from sandrill is taken out/),
      dialog.getByText(/next complete read of sandrill finds it/),
    );
    await dialog.getByRole("button", { name: "Cancel" }).click();
    await dialog.waitFor({ state: "hidden" });
    await seen(page.getByRole("button", { name: "Dead 3" }));
    await press(page, "Drop… sandrill/harbour/manifest-svc");
    await dialog.getByRole("button", { name: "Drop this job" }).click();
    await dialog.waitFor({ state: "hidden" });
    await seen(page.getByText(/manifest-svc: dropped · audit row \d+$/), page.getByRole("button", { name: "Dead 2" }));
    expect(await page.getByText("502 Bad Gateway for").count()).toBe(0);
  });

  it("says when a job was gone before the press", async () => {
    const { page, server } = await served("/settings/queue", STORM);
    // The page must not learn of it by itself before the press.
    await page.route("**/api/v1/queue?*", () => {});
    await page.getByRole("button", { name: "Retry sandrill/harbour/manifest-svc" }).waitFor();
    server.solid.finish(15);
    await page.unroute("**/api/v1/queue?*");
    await press(page, "Retry sandrill/harbour/manifest-svc");
    await seen(page.getByText(/not in the queue any more/));
    await expect.poll(() => page.getByText("502 Bad Gateway for").count()).toBe(0);
  });

  it("says that all is well", async () => {
    const page = await at("/settings/queue", { scene: "default" });
    await seen(
      page.getByText(/All is well/),
      page.getByText("Look for changes"),
      page.getByText(/given up stays here/),
    );
    await press(page, /^Dead/);
    await seen(page.getByText("Nothing was given up."));
  });

  it("locks what policy refuses", async () => {
    const page = await at("/settings/queue", { ...STORM, allowed: false });
    const drop = page.getByRole("button", { name: "Drop… sandrill/harbour/manifest-svc" });
    await expect.poll(() => drop.getAttribute("title")).toMatch(/DropJob is for administrators/);
    await drop.focus();
    await page.keyboard.press("Enter");
    await seen(page.getByText("Not allowed"));
    expect(await page.getByRole("dialog").count()).toBe(0);
  });

  it("is a list on a phone, nothing wider than the screen", async () => {
    const page = await at("/settings/queue", { ...STORM, phone: true });
    await expect.poll(() => page.getByRole("list", { name: "Jobs" }).getByRole("listitem").count()).toBe(11);
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390);
  });
});

describe("replicas", () => {
  it("says who leads, which one answers, and who was not seen", async () => {
    const page = await at("/settings/system", STORM);
    const rows = page.getByRole("table", { name: "Replicas" }).getByRole("row");
    await seen(
      rows.filter({ hasText: "stagedoor-0" }).getByText("This one"),
      rows.filter({ hasText: "stagedoor-1" }).getByText("Leader"),
      rows.filter({ hasText: "stagedoor-1" }).getByText("3 changes behind"),
      rows.filter({ hasText: "stagedoor-2" }).getByText(/^Not seen for 2 min$/),
    );
  });

  it("says of a single one what several need", async () => {
    const page = await at("/settings/system", { scene: "default" });
    await seen(page.getByText(/when the database is PostgreSQL/));
    await expect.poll(() => page.getByRole("table", { name: "Replicas" }).getByRole("row").count()).toBe(2);
  });
});

describe("what was removed", () => {
  it("is reached from the catalog, with the reason, the time left, and another look", async () => {
    const page = await at("/catalog?kind=component", STORM);
    await page.getByRole("link", { name: "Removed" }).click();
    await page.getByRole("heading", { level: 1, name: "Removed" }).waitFor();
    const items = page.getByRole("list", { name: "Removed" }).getByRole("listitem");
    await expect.poll(() => items.count()).toBe(4);
    await seen(
      items.first().getByText("GitLab answered 404 for the project"),
      items.first().getByText("5 min ago"),
      items.first().getByText("forgotten in 6 d"),
    );
    await press(page, "Look again sandrill/platform/mail-relay");
    await seen(page.getByText(/^Looking at sandrill\/platform\/mail-relay again: .* · audit row \S+$/));
  });

  it("is said on the address that a removed thing had", async () => {
    const page = await at("/catalog/component/default/cart", STORM);
    await seen(page.getByText(/component:default\/cart is not in the catalog any more/), page.getByText(/It left/));
    await page.getByRole("link", { name: /^What was removed/ }).click();
    await page.waitForURL(/\/removed$/);
  });

  it("says what would stand there", async () => {
    const page = await at("/removed", { scene: "default" });
    await seen(page.getByText("Nothing left the catalog in the last 7 days."), page.getByText(/marked stale/));
  });
});

describe("the truth about age", () => {
  it("is quiet while what is shown is confirmed, and ticks", async () => {
    const page = await at("/catalog/component/default/ticketing-web", STORM);
    const said = page.getByText(/^Confirmed \d+ s ago$/);
    await seen(said);
    const first = await said.textContent();
    await expect.poll(() => said.textContent(), { timeout: 5000 }).not.toBe(first);
    expect(await page.getByText("The last good state is shown.").count()).toBe(0);
  });

  it("says of what is stale why, since when, when it was confirmed and what happens next", async () => {
    const page = await at(PAYMENTS, STORM);
    await seen(
      page.getByText(/^Stale, last confirmed 2 min ago$/),
      page.getByText(/The last good state is shown\. For 1 min: .*GitLab answered 429.*\. It is tried again by itself/),
    );
  });

  it("makes nothing of what is not known look good", async () => {
    const page = await at("/catalog/component/default/berth-planner", STORM);
    await seen(page.getByText("Not confirmed"), page.getByText(/Whether this still holds is not known/));
    expect(await page.getByText(/^Confirmed \d/).count()).toBe(0);
  });

  it("turns stale on the open page when its connection begins to fail, as the bar says", async () => {
    const { page, server } = await served("/catalog/component/default/ticketing-web", STORM);
    await seen(page.getByText(/^Confirmed \d+ s ago$/), page.getByRole("banner").getByText(/partial/));
    await fetch(`${server.url}/-/fixture/fail`, { method: "POST", body: JSON.stringify({ name: "sandrill" }) });
    await seen(
      page.getByRole("banner").getByText(/failing/),
      page.getByText(
        /GitLab does not accept the token.*It is not tried again before something changes: Give a new one\./,
      ),
    );
    expect(await page.getByText(/^Confirmed \d/).count()).toBe(0);
    await page.getByRole("link", { name: "Open the connection" }).click();
    await page.waitForURL(/\/settings\/connections\/sandrill$/);
  });

  it("turns the rows of an open list stale too, although nothing in them changed", async () => {
    const { page, server } = await served("/catalog?kind=component", STORM);
    const stale = page.getByRole("img", { name: "Stale," });
    await expect.poll(() => stale.count()).toBe(5);
    await fetch(`${server.url}/-/fixture/fail`, { method: "POST", body: JSON.stringify({ name: "sandrill" }) });
    await expect.poll(() => stale.count()).toBe(20);
  });

  it("claims nothing while the server is not heard", async () => {
    const { page, server } = await served("/catalog/component/default/ticketing-web", STORM);
    await seen(page.getByText(/^Confirmed \d+ s ago$/));
    await page.route("**/api/v1/**", () => {});
    server.hush();
    await seen(
      page.getByText(/^No connection to Stagedoor/),
      page.getByText(/Whether this still holds is not known\. Stagedoor does not answer/),
      page.getByText(/^Not confirmed, last confirmed \d+ s ago$/),
    );
  });

  it("marks rows of the list, with how old they are", async () => {
    const page = await at("/catalog?kind=component", STORM);
    const row = (name: string) => page.getByRole("row").filter({ has: page.getByRole("link", { name }) });
    await seen(
      row("payments-api").getByRole("img", { name: "Stale," }),
      row("payments-api").getByText("2 min"),
      row("fares-api").getByText("Stale", { exact: true }),
      row("berth-planner").getByText("Not known"),
    );
    await expect.poll(() => row("ticketing-web").innerText()).toMatch(/\d+ s/);
    const phone = await at("/catalog?kind=component", { ...STORM, phone: true });
    await seen(
      phone
        .getByRole("listitem")
        .filter({ hasText: "fares-api" })
        .getByText(/^Stale\s*2 min$/),
    );
  });
});

describe("accessibility", () => {
  const PAGES = [
    "/settings",
    "/settings/queue",
    "/settings/queue?state=dead",
    "/settings/system",
    "/removed",
    PAYMENTS,
    "/catalog/component/default/berth-planner",
    "/catalog/component/default/cart",
    "/catalog?kind=component",
    "/",
  ];
  describe.each(["light", "dark"] as const)("%s", (colorScheme) => {
    it.each(PAGES)("%s, wide and on a phone, in a storm", async (path) => {
      for (const phone of [false, true]) {
        const page = await at(path, { ...STORM, colorScheme, phone });
        expect(await findings(page), `${path} ${colorScheme} ${phone ? "phone" : "wide"}`).toEqual([]);
      }
    });

    it.each(["/settings/queue", "/settings/queue?state=dead", "/settings/system", "/removed"])(
      "%s, when all is well",
      async (path) => {
        for (const phone of [false, true]) {
          const page = await at(path, { scene: "default", colorScheme, phone });
          expect(await findings(page), `${path} ${colorScheme} ${phone ? "phone" : "wide"}`).toEqual([]);
        }
      },
    );

    it("the dialog that drops a job, and what came of a press", async () => {
      for (const phone of [false, true]) {
        const page = await at("/settings/queue", { ...STORM, colorScheme, phone });
        await press(page, "Drop… sandrill/harbour/manifest-svc");
        await seen(page.getByRole("dialog").getByText(/taken out/));
        expect(await findings(page)).toEqual([]);
        await page.getByRole("dialog").getByRole("button", { name: "Drop this job" }).click();
        await seen(page.getByText(/audit row \d+$/));
        expect(await findings(page)).toEqual([]);
      }
    });
  });
});
