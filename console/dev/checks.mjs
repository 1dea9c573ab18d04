// What a test of a connection finds, decided by the words in address and token, so that a test or a person can make
// each check fail: see HOSTS and TOKENS.

/** [check, title, detail, remedy] by the first label of the host; everything after it is not reached. */
const HOSTS = {
  nowhere: [
    "name",
    "The name is not found",
    "nowhere.example: no such host",
    { text: "Correct the address, or name the resolver that knows it." },
  ],
  closed: [
    "port",
    "The port refuses",
    "203.0.113.7:443 refused the connection",
    { text: "Ask who runs GitLab which port it listens on, and open it in the firewall for this host." },
  ],
  selfsigned: [
    "tls",
    "The certificate is signed by nobody we know",
    "issuer Sandrill Internal Root CA",
    {
      text: "Give the certificate of the authority under “Proxy and certificates”. It can be read with:",
      copy: "openssl s_client -showcerts -connect selfsigned.example:443",
    },
  ],
  proxied: [
    "proxy",
    "The proxy refuses",
    "http://proxy.sandrill.example:3128 answered 407",
    { text: "Give the proxy's user and password in its address." },
  ],
  page: [
    "gitlab",
    "This is not a GitLab",
    "It answered with a page called “Welcome to nginx”",
    { text: "Give the address people open in their browser, with the path if GitLab is below one." },
  ],
  old: [
    "version",
    "GitLab 13.1 is too old",
    "Stagedoor reads GitLab 15.0 and newer",
    {
      text: "Update GitLab.",
      link: { label: "Update path", url: "https://gitlab.sandrill.example/help/update/index.md" },
    },
  ],
};
const PAGE = {
  label: "Token page of sandrill",
  url: "https://gitlab.sandrill.example/groups/sandrill/-/settings/access_tokens",
};
const TOKENS = {
  wrong: [
    "token",
    "GitLab does not accept the token",
    "401 Unauthorized",
    { text: "Make a token with scope read_api and paste it whole.", link: PAGE },
  ],
  expired: [
    "token",
    "The token expired",
    "on 24 November 2026",
    { text: "Make a new one and give it here.", link: PAGE },
  ],
  deploy: [
    "kind",
    "This is a deploy token",
    "Deploy tokens cannot use the API",
    { text: "Make a group token with scope read_api.", link: PAGE },
  ],
  noscope: [
    "scope-read",
    "The token may not read",
    "It has scope read_user only",
    { text: "Make a token with scope read_api.", copy: "read_api, read_repository", link: PAGE },
  ],
  empty: [
    "projects",
    "The token sees no project",
    "0 projects, 0 groups",
    {
      text: "Make @stagedoor-svc a member of your top group, as Reporter.",
      link: { label: "Members of sandrill", url: "https://gitlab.sandrill.example/groups/sandrill/-/group_members" },
    },
  ],
};

const PASSED = [
  ["address", "read", "The address can be read", "https, port 443"],
  ["name", "read", "The name is found", "203.0.113.7"],
  ["port", "read", "The port answers", "38 ms"],
  ["proxy", "read", "No proxy in between", "asked directly"],
  ["tls", "read", "The certificate is trusted", "valid to 4 March 2027"],
  ["gitlab", "read", "It is a GitLab", "gitlab.sandrill.example"],
  ["clock", "extra", "The clocks agree", "0.2 s apart"],
  ["token", "read", "The token is accepted", "as @stagedoor-svc"],
  ["version", "read", "The version is supported", "GitLab 18.6.2, Enterprise"],
  ["kind", "read", "A group token", "of sandrill"],
  ["expiry", "extra", "The token lasts", "90 days, to 18 February 2027"],
  ["scope-read", "read", "The token may read", "read_api, read_repository"],
  ["projects", "read", "It sees projects", "42 groups, 1,184 projects"],
  ["scope-act", "act", "The token may act", "api"],
  ["scope-write", "act", "The token may write to repositories", "write_repository"],
  ["role", "act", "Developer or more", "Maintainer of sandrill"],
  ["webhooks", "hear", "GitLab reaches us", "http://127.0.0.1/hooks/gitlab answered in 12 ms"],
  ["rate", "extra", "The rate limit leaves room", "2,000 requests a minute"],
];
const READ_ONLY = {
  "scope-act": [
    "The token may not run pipelines",
    "Scope api is missing",
    {
      text: "Best: let people sign in with GitLab. Runs then happen as the person and this token stays read-only. Otherwise make a new token with scope api, role Developer.",
      link: PAGE,
    },
  ],
  "scope-write": [
    "The token may not write to repositories",
    "Scope write_repository is missing",
    {
      text: "Needed for merge requests only. Make a new token with scope write_repository.",
      copy: "api, write_repository",
      link: PAGE,
    },
  ],
  webhooks: [
    "GitLab cannot reach us with webhooks",
    "It answered: URL is blocked, requests to the local network are not allowed",
    {
      text: "An administrator adds this host in GitLab under Admin, Settings, Network, Outbound requests. Until then we ask every 60 s.",
      copy: "stagedoor.sandrill.example",
    },
  ],
};

const whole = (remedy) => (remedy ? { copy: null, link: null, ...remedy } : null);
const has = (text, words) => Object.keys(words).find((word) => text.includes(word));

/** The report on a draft; `checks` in the order they end. */
export function reportOn({ url = "", token = "", ca = "", proxy = "" }) {
  const typed = url.trim();
  const scheme = /^https?:\/\//.test(typed) ? "" : "https://";
  let corrected;
  try {
    const parsed = new URL(scheme + typed);
    corrected = `${parsed.origin}`;
  } catch {
    corrected = typed;
  }
  let host = has(typed, HOSTS);
  if (host === "selfsigned" && ca) host = undefined;
  const stop = typed.includes(" ")
    ? ["address", "This is no address", typed, { text: "Write it as https://gitlab.example.com." }]
    : host
      ? HOSTS[host]
      : TOKENS[has(token, TOKENS)];
  const readOnly = token.includes("read");
  const soon = token.includes("soon");
  const skew = token.includes("clock") || readOnly;
  let reached = true;
  // A proxy is only looked at where there is one.
  const made = PASSED.filter(([id]) => id !== "proxy" || proxy || stop?.[0] === "proxy");
  const checks = made.map(([id, grade, title, detail], i) => {
    const millis = 4 + ((i * 37) % 60);
    if (!reached) {
      return {
        id,
        grade,
        state: "skipped",
        title,
        detail: `Not reached: ${stop[1].charAt(0).toLowerCase()}${stop[1].slice(1)}`,
        remedy: null,
        millis: 0,
      };
    }
    if (stop?.[0] === id) {
      reached = false;
      return { id, grade, state: "failed", title: stop[1], detail: stop[2], remedy: whole(stop[3]), millis };
    }
    if (readOnly && READ_ONLY[id]) {
      const [failed, why, remedy] = READ_ONLY[id];
      return { id, grade, state: "failed", title: failed, detail: why, remedy: whole(remedy), millis };
    }
    if (id === "clock" && skew) {
      return {
        id,
        grade,
        state: "note",
        title: "Clocks differ by 41 s",
        detail: "More than 30 s makes signed tokens fail",
        remedy: whole({ text: "On this machine:", copy: "timedatectl set-ntp true" }),
        millis,
      };
    }
    if (id === "expiry" && soon) {
      return {
        id,
        grade,
        state: "note",
        title: "The token ends in 9 days",
        detail: "on 4 December 2026",
        remedy: whole({ text: "Rotate it under Settings before that day." }),
        millis,
      };
    }
    if (id === "proxy" && proxy)
      return {
        id,
        grade,
        state: "passed",
        title: "The proxy lets us through",
        detail: proxy.replace(/\/\/.*@/, "//"),
        remedy: null,
        millis,
      };
    return { id, grade, state: "passed", title, detail, remedy: null, millis };
  });
  const ok = (grade) => checks.filter((c) => c.grade === grade).every((c) => c.state === "passed");
  const known = checks.find((c) => c.id === "token")?.state === "passed";
  return {
    url: corrected,
    corrected: corrected !== typed.replace(/\/$/, ""),
    reads: ok("read"),
    acts: ok("act"),
    hears: ok("hear"),
    checkedAt: new Date().toISOString(),
    millis: 812,
    checks,
    facts: {
      version: known ? "18.6.2" : null,
      edition: known ? "enterprise" : null,
      tokenKind: known ? "group" : null,
      tokenOwner: known ? "stagedoor-svc" : null,
      tokenName: known ? "sandrill" : null,
      scopes: known ? (readOnly ? ["read_api", "read_repository"] : ["api", "write_repository"]) : [],
      expiresOn: known ? (soon ? "2026-12-04" : "2027-02-18") : null,
      daysLeft: known ? (soon ? 9 : 90) : null,
      projects: ok("read") ? 1184 : null,
      ratePerMinute: 2000,
    },
  };
}
