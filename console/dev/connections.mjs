// The connections of the fixture server: what it has at the start (scenes), and the answers under /connections.
import { reportOn } from "./checks.mjs";

const ago = (seconds) => new Date(Date.now() - seconds * 1000).toISOString();
const DISCOVERY = {
  nested: true,
  archived: false,
  forks: true,
  membership: true,
  people: { read: true, inherited: false },
};

export class Refusal extends Error {
  constructor(status, title, detail, errors = [], slug = "fixture") {
    super(title);
    this.problem = {
      type: `urn:stagedoor:problem:${slug}`,
      title,
      status,
      detail,
      instance: "",
      requestId: "r-1",
      errors,
    };
  }
}

function connection(draft, over = {}) {
  const report = reportOn(draft);
  const failed = report.checks.find((check) => check.grade === "read" && check.state === "failed");
  return {
    name: draft.name,
    url: report.url,
    declared: false,
    state: failed ? "failing" : "working",
    failing: failed
      ? {
          check: failed.id,
          title: failed.title,
          detail: failed.detail,
          remedy: failed.remedy,
          since: ago(720),
          workedUntil: ago(720),
        }
      : null,
    report,
    checkedAt: report.checkedAt,
    nextCheckAt: ago(-3600),
    tokenSource: draft.tokenFrom ? ("file" in draft.tokenFrom ? "file" : "env") : "kept",
    tokenPlace: draft.tokenFrom
      ? draft.tokenFrom.file
        ? `file ${draft.tokenFrom.file}`
        : `variable ${draft.tokenFrom.env}`
      : null,
    proxy: draft.proxy ? draft.proxy.replace(/\/\/.*@/, "//") : null,
    noProxy: draft.noProxy ?? [],
    ca: Boolean(draft.ca),
    discovery: { ...DISCOVERY, ...draft.discovery },
    webhooks: report.hears
      ? {
          mode: "listening",
          why: "A system hook tells of everything this connection reads",
          hooks: 1,
          lastReceivedAt: ago(240),
          received: 12,
        }
      : { mode: "polling", why: "No webhook of GitLab arrived", hooks: 0, lastReceivedAt: null, received: 0 },
    addedAt: ago(3600),
    permit: null,
    ...over,
  };
}

/** The next row of the audit trail. */
let rows = 41;
export const nextRow = () => ++rows;
const permitted = (c) => ({ ...c, permit: String(nextRow()) });

const declared = (over = {}) =>
  connection(
    { name: "sandrill", url: "http://gitlab.sandrill.example", token: "glpat-full" },
    { declared: true, tokenSource: "file", tokenPlace: "file gitlab-token", addedAt: null, ...over },
  );

/** `default`: one from the configuration file; `first`: none; `many`: one of each state; `storm`: GitLab answers badly. */
export const SCENES = {
  default: () => [declared()],
  storm: () => [declared()],
  first: () => [],
  many: () => [
    declared({ checkedAt: ago(300) }),
    connection({ name: "main", url: "https://gitlab.main.example", token: "glpat-expired" }),
    connection({
      name: "fleet",
      url: "https://gitlab.fleet.example",
      token: "glpat-read-soon",
      discovery: { groups: ["sandrill/fleet"], exclude: ["sandrill/fleet/attic"] },
    }),
    connection(
      { name: "new", url: "https://gitlab.new.example", token: "glpat-full" },
      { state: "untested", report: null, checkedAt: null },
    ),
  ],
};

const PREVIEW = [
  "sandrill/checkout/payments-api",
  "sandrill/checkout/fares-api",
  "sandrill/harbour/berth-planner",
  "sandrill/harbour/tide-feed",
  "sandrill/fleet/fuel-ledger",
  "sandrill/crew/crew-app",
];

function preview(discovery = {}) {
  for (const [i, pattern] of (discovery.projects ?? []).entries()) {
    try {
      new RegExp(pattern);
    } catch {
      throw new Refusal(422, "What to read cannot be understood", `discovery.projects.${i} is no regular expression`, [
        {
          pointer: `/discovery/projects/${i}`,
          message: `“${pattern}” is no regular expression: a bracket is not closed`,
          remedy: "Close the bracket, or write \\( for the character itself.",
        },
      ]);
    }
  }
  const examples = PREVIEW.filter(
    (path) => (discovery.groups ?? []).length === 0 || discovery.groups.some((group) => path.startsWith(`${group}/`)),
  );
  const projects = (discovery.groups ?? []).length === 0 ? 1184 : examples.length === 0 ? 0 : 212;
  return {
    projects,
    exact: projects > 0,
    groups: projects === 0 ? 0 : 41,
    examples: projects === 0 ? [] : examples,
    requests: 3,
    notes:
      discovery.membership === false ? ["Without membership an administrator's token reads the whole instance."] : [],
  };
}

const IMPORTED = (yaml) => {
  const hosts = [...yaml.matchAll(/host:\s*([\w.-]+)/g)].map((m) => m[1]);
  if (hosts.length === 0)
    throw new Refusal(
      422,
      "There is no GitLab in this file",
      "integrations.gitlab and catalog.providers.gitlab are both missing",
      [],
    );
  return {
    drafts: [...new Set(hosts)].map((host) => ({
      name: host.split(".")[1] ?? host,
      url: `https://${host}`,
      discovery: { ...DISCOVERY, groups: ["sandrill"], branch: "main", exclude: ["sandrill/attic"] },
    })),
    notes: [
      "The token stands in the file as $GITLAB_TOKEN: give it here.",
      "schedule is not taken over: Stagedoor decides when it reads.",
    ],
  };
};

/**
 * The answers, by method and path below /connections. `pace` is the pause between two checks (ms), `changed(name)` is
 * called after the list changed, `added` and `removed` when the catalog begins or ends to hold what a connection brings.
 */
export function connectionRoutes({ scene, pace, changed, added, removed }) {
  let kept = SCENES[scene]();
  const secrets = new Map(
    kept.map((c) => [
      c.name,
      c.name === "main" ? "glpat-expired" : c.name === "fleet" ? "glpat-read-soon" : "glpat-full",
    ]),
  );
  const find = (name) => {
    const found = kept.find((c) => c.name === name);
    if (!found) throw new Refusal(404, "No such connection", `There is no connection ${name}`);
    return found;
  };
  const replace = (name, next) => {
    kept = kept.map((c) =>
      c.name === name
        ? { ...next, declared: c.declared, discovery: next.discovery ?? c.discovery, addedAt: c.addedAt }
        : c,
    );
    changed();
    return find(name);
  };
  const writable = (name) => {
    const found = find(name);
    if (found.declared)
      throw new Refusal(
        409,
        "Conflict",
        `The configuration file declares ${name}: change it there and restart.`,
        [],
        "declared",
      );
    return found;
  };
  const readable = (report) => {
    if (report.reads) return report;
    const failed = report.checks.find((check) => check.state === "failed");
    throw new Refusal(422, "The connection cannot read", `${failed.title}: ${failed.detail}`, [{ report }]);
  };
  const secret = (draft) => draft.token ?? draft.tokenFrom?.file ?? draft.tokenFrom?.env ?? "";

  async function stream(report, response, signal) {
    for (const check of report.checks) {
      await new Promise((resolve) => setTimeout(resolve, check.state === "skipped" ? 0 : pace));
      if (signal.aborted) return;
      response.write(`event: check\ndata: ${JSON.stringify(check)}\n\n`);
    }
    response.end(`event: report\ndata: ${JSON.stringify(report)}\n\n`);
  }

  return {
    get list() {
      return kept;
    },
    /** → { status, body } or { report } to be streamed. */
    answer(method, path, body) {
      const [, name, what] = /^\/connections(?:\/([^/]+))?(?:\/([^/]+))?$/.exec(path) ?? [];
      const route = `${method} ${name && ["test", "preview", "import"].includes(name) && !what ? name : name ? (what ?? "one") : "all"}`;
      switch (route) {
        case "GET all":
          return { status: 200, body: { items: kept } };
        case "POST all": {
          if (kept.some((c) => c.name === body.name))
            throw new Refusal(
              409,
              "The name is taken",
              `There is a connection ${body.name} already; choose another name, or update its token.`,
              [],
              "name-taken",
            );
          if (kept.some((c) => c.url === body.url))
            throw new Refusal(
              409,
              "Conflict",
              `Another connection reads ${body.url} already: everything would be there twice.`,
              [],
              "same-instance",
            );
          readable(reportOn({ ...body, token: secret(body) }));
          preview(body.discovery);
          const next = connection({ ...body, token: secret(body) }, { addedAt: new Date().toISOString() });
          if (body.tokenFrom) {
            next.tokenSource = body.tokenFrom.file ? "file" : "env";
            next.tokenPlace = body.tokenFrom.file ? `file ${body.tokenFrom.file}` : `variable ${body.tokenFrom.env}`;
          }
          kept = [...kept, next];
          secrets.set(body.name, secret(body));
          added(next);
          changed();
          return { status: 201, body: permitted(next) };
        }
        case "POST test":
          return name === "test" ? { report: reportOn({ ...body, token: secret(body) }) } : this.retest(name);
        case "POST preview":
          if (name !== "preview") return { status: 200, body: preview(body) };
          readable(reportOn({ ...body, token: secret(body) }));
          return { status: 200, body: preview(body.discovery) };
        case "POST import":
          return { status: 200, body: IMPORTED(body.yaml) };
        case "GET one":
          return { status: 200, body: find(name) };
        case "DELETE one":
          writable(name);
          kept = kept.filter((c) => c.name !== name);
          removed(name);
          changed();
          return { status: 204 };
        case "PUT token": {
          const before = writable(name);
          readable(reportOn({ url: before.url, token: secret(body) }));
          secrets.set(name, secret(body));
          return {
            status: 200,
            body: permitted(replace(name, connection({ ...before, ...body, token: secret(body) }))),
          };
        }
        case "POST rotate": {
          const before = writable(name);
          secrets.set(name, "glpat-full");
          return {
            status: 200,
            body: permitted(replace(name, connection({ ...before, tokenFrom: undefined, token: "glpat-full" }))),
          };
        }
        case "PUT discovery": {
          const before = writable(name);
          preview(body);
          return { status: 200, body: permitted(replace(name, { ...before, discovery: body })) };
        }
        case "POST webhooks": {
          const before = find(name);
          const registered = (body.scope === "system" ? ["system"] : body.of).map((of, i) => ({
            of,
            hook: of.includes("locked") ? null : 12 + i,
            tested: !of.includes("locked"),
            error: of.includes("locked") ? "403: only a Maintainer can add webhooks here" : null,
            remedy: of.includes("locked") ? `Ask one of ${of} to add it.` : null,
            permit: of.includes("locked") ? null : "01JD8Q4Z0V5B7S9",
          }));
          const hooks = registered.filter((r) => r.hook !== null).length;
          replace(name, {
            ...before,
            webhooks: {
              ...before.webhooks,
              mode: "listening",
              why: "Webhooks tell of changes",
              hooks: before.webhooks.hooks + hooks,
            },
          });
          return { status: 200, body: { registered } };
        }
        default:
          throw new Refusal(404, "Not here", path);
      }
    },
    /** As when a token ends while pages are open. */
    fail(name) {
      const failing = {
        check: "token",
        title: "GitLab does not accept the token",
        detail: "401: the token has expired",
        remedy: { text: "Give a new one." },
        since: ago(0),
        workedUntil: ago(0),
      };
      replace(name, { ...find(name), state: "failing", failing });
    },
    retest(name) {
      const before = find(name);
      const report = reportOn({ url: before.url, token: secrets.get(name) });
      return {
        report,
        after: () => {
          const failed = report.checks.find((check) => check.grade === "read" && check.state === "failed");
          replace(name, { ...before, report, checkedAt: report.checkedAt, state: failed ? "failing" : "working" });
        },
      };
    },
    stream,
  };
}
