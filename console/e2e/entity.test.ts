import { expect, it } from "vitest";
import { open, PHONE, query, seen, target, useBrowser } from "./pages";

useBrowser();

const PAYMENTS = "/catalog/component/default/payments-api";

it("says whose it is and how that is known", async () => {
  const page = await open(PAYMENTS);
  expect(await page.getByRole("heading", { level: 1 }).textContent()).toBe("payments-api");
  await seen(
    page.getByRole("link", { name: "Checkout" }),
    page.getByText(/declared in/),
    page.getByText(/catalog-info\.yaml line \d+/),
    page.getByText("Production", { exact: true }),
  );
  expect(await page.title()).toBe("payments-api · Stagedoor");
});

it("draws its relations from left to right, and every node leads on", async () => {
  const page = await open(PAYMENTS);
  const graph = page.getByRole("region", { name: "Graph of relations" });
  await seen(graph.getByText(/^consumed by/), graph.getByText(/^depends on/));
  const left = async (name: string) =>
    (await graph.getByText(new RegExp(`^${name}$`, "i")).boundingBox())?.x ?? Number.NaN;
  const order = [
    await left("ticketing-web"),
    await left("payments.v2"),
    await left("payments-api"),
    await left("payments-db"),
  ];
  expect(order).toEqual(order.toSorted((a, b) => a - b));
  await graph.getByRole("link", { name: /payments.v2/i }).click();
  await expect.poll(() => page.getByRole("heading", { level: 1 }).textContent()).toMatch(/payments.v2/i);
});

it("has the graph as a table too, in the address", async () => {
  const page = await open(PAYMENTS);
  await page.getByRole("button", { name: "As a table" }).click();
  const table = page.getByRole("table", { name: "Relations" });
  await seen(table.getByRole("link", { name: "payments-db" }), table.getByText("Depends on"));
  expect(query(page).get("as")).toBe("table");
});

it("shows the file as it was read, with lines that have an address", async () => {
  const page = await open(PAYMENTS);
  await page.getByRole("link", { name: "Source" }).click();
  const source = page.getByRole("region", { name: "catalog-info.yaml" });
  await seen(source.getByText("apiVersion:"));
  await source.getByRole("link", { name: "Line 3", exact: true }).click();
  expect(query(page).get("line")).toBe("3");
  await seen(source.locator("[data-target]"));
});

it("shows the definition of an API", async () => {
  const page = await open("/catalog/api/default/payments-v2?tab=definition");
  await seen(page.getByRole("region", { name: "API definition" }).getByText(/openapi/));
});

it("names each problem with its place, its remedy and the line in GitLab", async () => {
  const page = await open("/problems?severity=error");
  const problems = page.getByRole("list", { name: "Problems" }).getByRole("listitem");
  await seen(problems);
  const place = problems.getByRole("link", { name: /\.ya?ml:\d+/ }).first();
  await seen(place);
  expect(await place.getAttribute("href")).toMatch(/\/-\/blob\/.+#L\d+$/);
});

it("shows both claims of one name", async () => {
  const page = await open("/catalog/component/default/loyalty-api");
  const claims = page.getByRole("region", { name: "Claimed by" });
  await seen(claims.getByText("sandrill/passenger/loyalty-api"), claims.getByText(/refused/));
  await expect.poll(() => claims.getByRole("listitem").count()).toBe(2);
});

it("finds near names for one that is not there", async () => {
  const page = await open("/catalog/component/default/payment-api");
  await seen(page.getByText("component:default/payment-api is not in the catalog."), page.getByText(/Close to it/));
});

it("reads again on demand and names the audit row", async () => {
  const page = await open(PAYMENTS);
  const button = page.getByRole("button", { name: "Refresh" });
  await expect.poll(() => button.getAttribute("title")).toBeTruthy();
  await button.click();
  await seen(page.getByText(/audit row \S+/));
});

it("goes through its tabs by number and back by Escape", async () => {
  const page = await open(PAYMENTS);
  await seen(page.getByRole("link", { name: "Overview" }));
  await page.keyboard.press("2");
  await page.waitForURL(/tab=relations/);
  await page.keyboard.press("Escape");
  await expect.poll(() => query(page).get("tab")).toBeNull();
});

it("reads well on a phone: relations as a table, nothing wider than the screen", async () => {
  const page = await open(PAYMENTS, { viewport: PHONE });
  await seen(page.getByRole("table", { name: "Relations" }));
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(PHONE.width);
});

/** Changes what the page shows where it is written: by a commit to GitLab, or in the fixture. */
async function describeAs(description: string): Promise<void> {
  if (target.fixture) {
    const body = JSON.stringify({ ref: "component:default/payments-api", change: { description } });
    await fetch(`${target.url}/-/fixture/change`, { method: "POST", body });
    return;
  }
  if (!target.gitlab) throw new Error("no GitLab to write to");
  const file = `${target.gitlab.url}/api/v4/projects/sandrill%2Fcheckout%2Fpayments-api/repository/files/catalog-info.yaml`;
  const headers = { "PRIVATE-TOKEN": target.gitlab.token, "content-type": "application/json" };
  const read = await fetch(`${file}/raw?ref=main`, { headers });
  const before = await read.text();
  // The first document of the file is the component's.
  const content = before.replace(/^ {2}description: .*$/m, `  description: ${description}`);
  expect(content).toContain(description);
  const put = await fetch(file, {
    method: "PUT",
    headers,
    body: JSON.stringify({ branch: "main", commit_message: "Say it better", content }),
  });
  expect(put.status, await put.text()).toBe(200);
}

it.skipIf(!target.fixture && !target.gitlab)(
  "changes in place when the file is pushed, with a quiet note",
  async () => {
    const page = await open(PAYMENTS);
    await seen(page.getByText(/declared in/));
    const words = `Takes payments, take ${Date.now()}`;
    // The stream must be open: what happens before is not the page's to hear.
    await page.waitForFunction(() =>
      performance.getEntriesByType("resource").some((entry) => entry.name.includes("/api/v1/permissions")),
    );
    await describeAs(words);
    await seen(page.getByText(words), page.getByText(/Changed in place: .*description/));
  },
);
