// @gitbeaker/rest uses the stand-in: another client, another idea of paging, paths and errors.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import { Gitlab } from "@gitbeaker/rest";

const banner = JSON.parse(process.env.SANDBOX_BANNER);
const PAYMENTS = "sandrill/checkout/payments-api";
const as = (role, more = {}) => new Gitlab({ host: banner.url, token: banner.tokens[role], ...more });
const admin = () => new Gitlab({ host: banner.url, token: banner.admin_token });

const checks = [];
const check = (name, run) => checks.push([name, run]);

/** The call is refused with this status; answers the words of the refusal. */
async function refused(status, call) {
  try {
    await call();
  } catch (error) {
    assert.equal(error.cause?.response?.status, status, `status of: ${error.message} ${error.cause?.description ?? ""}`);
    return `${error.message} ${error.cause?.description ?? ""}`;
  }
  assert.fail("was answered instead of refused");
}

check("the current user, by token and by bearer", async () => {
  assert.equal((await as("maintainer").Users.showCurrentUser()).username, "mateus.corrie");
  const bearer = new Gitlab({ host: banner.url, oauthToken: banner.tokens.reporter });
  assert.equal((await bearer.Users.showCurrentUser()).username, "oskar.lindqvale");
});

check("the token about itself", async () => {
  const token = await as("developer").PersonalAccessTokens.show();
  assert.ok(token.scopes.includes("api"));
  assert.equal(token.active, true);
});

check("metadata", async () => {
  const metadata = await as("guest").Metadata.show();
  assert.match(metadata.version, /^\d+\.\d+\.\d+/);
  assert.match(metadata.revision, /^[0-9a-f]+$/);
});

check("all projects over offset pages", async () => {
  const rows = await admin().Projects.all({ membership: true, perPage: 10, orderBy: "id", sort: "asc" });
  assert.equal(rows.length, 47);
  assert.equal(new Set(rows.map((row) => row.id)).size, 47);
});

check("all projects over keyset pages", async () => {
  const options = { pagination: "keyset", orderBy: "id", sort: "asc", perPage: 10 };
  const keyset = await admin().Projects.all(options);
  const offset = await admin().Projects.all({ orderBy: "id", sort: "asc", perPage: 100 });
  assert.deepEqual(keyset.map((row) => row.id), offset.map((row) => row.id));
});

check("paging told in numbers", async () => {
  const { data, paginationInfo } = await admin().Projects.all({ perPage: 20, page: 2, showExpanded: true });
  assert.equal(data.length, 20);
  assert.deepEqual(
    [paginationInfo.total, paginationInfo.totalPages, paginationInfo.current, paginationInfo.next, paginationInfo.previous],
    [47, 3, 2, 3, 1],
  );
});

check("names in camel case when asked for", async () => {
  const project = await as("owner", { camelize: true }).Projects.show(PAYMENTS);
  assert.equal(project.pathWithNamespace, PAYMENTS);
  assert.equal(project.webUrl, `${banner.url}/${PAYMENTS}`);
  assert.equal(project.httpUrlToRepo, `${banner.url}/${PAYMENTS}.git`);
});

check("a project's languages", async () => {
  const languages = await as("reporter").Projects.showLanguages("sandrill/fleet/vessel-registry");
  assert.deepEqual(languages, { Java: 90.2, "Protocol Buffer": 9.8 });
});

check("a project that is not seen", async () => {
  assert.match(await refused(404, () => as("owner").Projects.show("sandrill/absent")), /404 Project Not Found/);
});

check("bad tokens", async () => {
  const wrong = new Gitlab({ host: banner.url, token: "glpat-wrong00000000000000" });
  assert.match(await refused(401, () => wrong.Users.showCurrentUser()), /401 Unauthorized/);
  await refused(401, () => as("expired").Projects.all());
  await refused(401, () => as("revoked").Projects.all());
  await refused(403, () => as("no_scope").Projects.all());
});

check("groups, subgroups, descendants and their projects", async () => {
  const gitlab = as("owner");
  assert.equal((await gitlab.Groups.all()).length, 17);
  const fleet = await gitlab.Groups.show("sandrill/fleet");
  assert.equal(fleet.full_path, "sandrill/fleet");
  assert.deepEqual((await gitlab.Groups.allSubgroups(fleet.id)).map((group) => group.path), ["telemetry"]);
  const below = await gitlab.Groups.allDescendantGroups("sandrill/fleet", {});
  assert.deepEqual(below.map((group) => group.path).sort(), ["edge", "telemetry"]);
  const projects = await gitlab.Groups.allProjects("sandrill/fleet", { includeSubgroups: true });
  assert.equal(projects.length, 5);
});

check("members, direct and inherited", async () => {
  const gitlab = as("maintainer");
  const direct = await gitlab.GroupMembers.all("sandrill/harbour-ops");
  assert.deepEqual(direct.map((member) => member.username).sort(), ["amara.okell", "ilse.brandvold", "rafael.quist", "sunniva.aal"]);
  const all = await gitlab.GroupMembers.all("sandrill/harbour-ops", { includeInherited: true });
  assert.ok(all.some((member) => member.username === "hana.dvor" && member.access_level === 50));
  const project = await gitlab.ProjectMembers.all("sandrill/harbour-ops/berth-planner", { includeInherited: true });
  assert.equal(project.length, all.length);
  const one = await gitlab.GroupMembers.show("sandrill/harbour-ops", direct[0].id);
  assert.equal(one.username, direct[0].username);
});

check("users", async () => {
  const gitlab = as("reporter");
  const [found] = await gitlab.Users.all({ username: "lena.marsh" });
  assert.equal((await gitlab.Users.show(found.id)).name, "Lena Marsh");
});

check("projects of a person", async () => {
  const rows = await as("guest").Users.allProjects("amara.okell");
  assert.deepEqual(rows.map((row) => row.path_with_namespace), ["amara.okell/slot-sandbox"]);
});

check("the tree over keyset pages", async () => {
  const project = "sandrill/platform/templates/service-typescript";
  const tree = await as("reporter").Repositories.allRepositoryTrees(project, { recursive: true, perPage: 3 });
  const paths = tree.map((entry) => entry.path);
  assert.ok(paths.includes("skeleton/src/main.ts"), paths.join(" "));
  assert.equal(new Set(paths).size, paths.length);
  assert.deepEqual(tree.find((entry) => entry.path === "skeleton/src").type, "tree");
});

check("a file and its blob", async () => {
  const gitlab = as("reporter");
  const file = await gitlab.RepositoryFiles.show(PAYMENTS, "catalog-info.yaml", "main");
  const bytes = Buffer.from(file.content, "base64");
  const id = createHash("sha1").update(`blob ${bytes.length}\0`).update(bytes).digest("hex");
  assert.equal(file.blob_id, id);
  assert.equal(await gitlab.RepositoryFiles.showRaw(PAYMENTS, "catalog-info.yaml", "main").then(text), bytes.toString());
  const blob = await gitlab.Repositories.showBlob(PAYMENTS, id);
  assert.equal(blob.content, file.content);
  assert.equal(await gitlab.Repositories.showBlobRaw(PAYMENTS, id).then(text), bytes.toString());
  await refused(404, () => gitlab.RepositoryFiles.show(PAYMENTS, "absent.md", "main"));
});

/** Raw answers arrive as text or as a Blob, by their content type. */
async function text(answer) {
  return typeof answer === "string" ? answer : answer.text();
}

check("a Location names a file of another project by its address", async () => {
  const file = await as("reporter").RepositoryFiles.show("sandrill/platform/software-catalog", "catalog-info.yaml", "main");
  const yaml = Buffer.from(file.content, "base64").toString();
  assert.ok(yaml.includes(`${banner.url}/sandrill/fleet/vessel-registry/-/blob/main/catalog/vessel-registry.yaml`), yaml);
  assert.ok(!yaml.includes("{{base_url}}"));
});

check("commits: all, one, made", async () => {
  const gitlab = as("maintainer");
  const project = "sandrill/fleet/telemetry/mooring-sensor-ingest";
  const before = await gitlab.Commits.all(project, { perPage: 2 });
  assert.equal(before.length, 3);
  const actions = [{ action: "create", filePath: "docs/limits.md", content: "# Limits\n" }];
  const made = await gitlab.Commits.create(project, "main", "Write down the limits", actions);
  assert.deepEqual(made.parent_ids, [before[0].id]);
  const shown = await gitlab.Commits.show(project, made.short_id);
  assert.equal(shown.title, "Write down the limits");
  assert.equal(shown.author_name, "Mateus Corrie");
  const changes = await gitlab.Commits.showDiff(project, made.id);
  assert.deepEqual(changes.map((change) => [change.new_path, change.new_file]), [["docs/limits.md", true]]);
  const refs = await gitlab.Commits.allReferences(project, made.id, { type: "branch" });
  assert.deepEqual(refs.map((ref) => ref.name), ["main"]);
});

check("a file made, edited and removed", async () => {
  const gitlab = as("maintainer");
  const project = "sandrill/passenger/loyalty-next";
  await gitlab.RepositoryFiles.create(project, "docs/a b.md", "main", "one\n", "Add");
  await gitlab.RepositoryFiles.edit(project, "docs/a b.md", "main", "two\n", "Edit");
  const file = await gitlab.RepositoryFiles.show(project, "docs/a b.md", "main");
  assert.equal(Buffer.from(file.content, "base64").toString(), "two\n");
  await gitlab.RepositoryFiles.remove(project, "docs/a b.md", "main", "Remove");
  await refused(404, () => gitlab.RepositoryFiles.show(project, "docs/a b.md", "main"));
});

check("a reader may not write", async () => {
  const write = (role) => () => as(role).RepositoryFiles.create(PAYMENTS, "x.md", "main", "x", "x");
  await refused(403, write("reporter"));
  await refused(403, write("read_only"));
});

check("branches", async () => {
  const gitlab = as("maintainer");
  const project = "sandrill/harbour/ops-tools";
  const made = await gitlab.Branches.create(project, "feature/wind", "main");
  const rows = await gitlab.Branches.all(project, { search: "wind" });
  assert.deepEqual(rows.map((row) => row.name), ["feature/wind"]);
  assert.equal((await gitlab.Branches.show(project, "feature/wind")).commit.id, made.commit.id);
  await gitlab.Branches.remove(project, "feature/wind");
  await refused(404, () => gitlab.Branches.show(project, "feature/wind"));
});

check("project hooks", async () => {
  const gitlab = as("maintainer");
  const project = "sandrill/platform/identity-bridge";
  const hook = await gitlab.ProjectHooks.add(project, "http://127.0.0.1:9/a", { pushEvents: true, token: "secret" });
  assert.equal(hook.push_events, true);
  assert.equal(hook.token, undefined);
  await gitlab.ProjectHooks.edit(project, hook.id, "http://127.0.0.1:9/b", { pushEvents: false });
  assert.equal((await gitlab.ProjectHooks.show(project, hook.id)).url, "http://127.0.0.1:9/b");
  assert.deepEqual((await gitlab.ProjectHooks.all(project)).map((row) => row.id), [hook.id]);
  await gitlab.ProjectHooks.remove(project, hook.id);
  assert.deepEqual(await gitlab.ProjectHooks.all(project), []);
});

check("system hooks", async () => {
  const gitlab = admin();
  const hook = await gitlab.SystemHooks.create("http://127.0.0.1:9/system", { pushEvents: true });
  // Its `show` sends POST, which is GitLab's way to try a hook; so the list is asked.
  assert.deepEqual((await gitlab.SystemHooks.all()).map((row) => row.url), ["http://127.0.0.1:9/system"]);
  await gitlab.SystemHooks.remove(hook.id);
  assert.deepEqual(await gitlab.SystemHooks.all(), []);
  await refused(403, () => as("owner").SystemHooks.all());
});

check("a system hook is tried", async () => {
  const server = createServer((request, answer) => answer.writeHead(204).end(() => server.emit("told", request.headers)));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const gitlab = admin();
  const hook = await gitlab.SystemHooks.create(`http://127.0.0.1:${server.address().port}/`, { token: "t" });
  const told = once(server, "told");
  await gitlab.SystemHooks.test(hook.id);
  const [headers] = await told;
  assert.equal(headers["x-gitlab-event"], "System Hook");
  assert.equal(headers["x-gitlab-token"], "t");
  await gitlab.SystemHooks.remove(hook.id);
  server.close();
  server.closeAllConnections();
});

for (const [name, run] of checks) {
  try {
    await run();
    console.log(`ok ${name}`);
  } catch (error) {
    const words = `${error.name}: ${error.message} ${error.cause?.description ?? ""}`.replace(/\s+/g, " ");
    console.log(`not ok ${name}: ${words.slice(0, 600)}`);
  }
}
console.log("done");
