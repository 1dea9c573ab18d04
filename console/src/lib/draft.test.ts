import { describe, expect, it } from "vitest";
import type { Connection } from "../api/connections";
import {
  daysLeftText,
  discoveryOf,
  discoverySummary,
  draftOf,
  EMPTY,
  endsSoon,
  fieldsOf,
  hostOf,
  listOf,
  missing,
  nameFromUrl,
  shownName,
  testedPart,
  withDraft,
} from "./draft";

describe("the name", () => {
  it.each([
    ["https://gitlab.sandrill.example", "sandrill"],
    ["gitlab.sandrill.example/users/sign_in", "sandrill"],
    ["https://gitlab.com", "gitlab"],
    ["https://code.ferry.example:8443/", "ferry"],
    ["https://sandrill.example/gitlab", "sandrill"],
    ["http://127.0.0.1:8080", "gitlab"],
    ["http://[::1]:8080", "gitlab"],
    ["localhost:7340", "gitlab"],
    ["", ""],
    ["https://", ""],
  ])("of %j is %j", (url, name) => expect(nameFromUrl(url)).toBe(name));

  it("follows the address until it is written by hand", () => {
    const fields = { ...EMPTY, url: "https://gitlab.sandrill.example" };
    expect(shownName(fields)).toBe("sandrill");
    expect(shownName({ ...fields, named: true, name: "main" })).toBe("main");
  });
});

it("finds the host of what people paste", () => {
  expect(hostOf("  gitlab.example.com/groups/x ")).toBe("gitlab.example.com");
  expect(hostOf("not a host")).toBe("");
});

it("reads lists by line, and by comma where that can be", () => {
  expect(listOf(" a \n\n b,c ")).toEqual(["a", "b,c"]);
  expect(listOf(" a \n\n b,c ", true)).toEqual(["a", "b", "c"]);
});

describe("the draft", () => {
  it("holds only what was given", () => {
    const fields = { ...EMPTY, url: " https://gitlab.example.com ", token: " glpat-x\n" };
    const draft = draftOf(fields);
    expect(draft).toMatchObject({ name: "example", url: "https://gitlab.example.com", token: "glpat-x" });
    expect(Object.keys(draft).toSorted()).toEqual(["discovery", "name", "token", "url"]);
  });

  it("names a file or a variable instead of the token", () => {
    const fields = { ...EMPTY, url: "x.example", token: "left over", place: "gitlab" };
    expect(draftOf({ ...fields, way: "file" })).toMatchObject({ tokenFrom: { file: "gitlab" } });
    expect(draftOf({ ...fields, way: "env" })).not.toHaveProperty("token");
  });

  it("says what is missing", () => {
    expect(missing(EMPTY)).toBe("url");
    expect(missing({ ...EMPTY, url: "x.example" })).toBe("token");
    expect(missing({ ...EMPTY, url: "x.example", way: "file", token: "t" })).toBe("token");
    expect(missing({ ...EMPTY, url: "x.example", token: "t" })).toBeNull();
  });

  it("is tested again when what the test looks at changes, and only then", () => {
    const fields = { ...EMPTY, url: "x.example", token: "t" };
    const same = { ...fields, named: true, name: "main", discovery: { ...fields.discovery, archived: true } };
    expect(testedPart(same)).toBe(testedPart(fields));
    for (const change of [{ url: "y.example" }, { token: "u" }, { proxy: "p:1" }, { noProxy: "a" }, { ca: "c" }])
      expect(testedPart({ ...fields, ...change })).not.toBe(testedPart(fields));
  });

  it("takes over an imported one without losing the token", () => {
    const fields = { ...EMPTY, url: "old.example", token: "typed" };
    const people = { read: true, groups: [], users: [], restrictTo: null, inherited: false };
    const flags = { nested: true, archived: false, forks: true, membership: true };
    const lists = { groups: ["a", "b"], projects: [], exclude: [], topics: [] };
    const discovery = { ...flags, ...lists, branch: null, fallbackBranch: null, file: "entity.yaml", people };
    const next = withDraft(fields, { name: "main", url: "https://new.example", discovery });
    expect(next).toMatchObject({ url: "https://new.example", token: "typed", way: "token", named: true, name: "main" });
    expect(next.discovery).toMatchObject({ groups: "a\nb", file: "entity.yaml" });
  });
});

it("keeps a discovery whole through the form", () => {
  const discovery = {
    groups: ["sandrill"],
    nested: false,
    projects: ["^sandrill/.*-api$"],
    exclude: ["sandrill/attic"],
    topics: ["ferry"],
    archived: true,
    forks: false,
    membership: false,
    branch: "release",
    fallbackBranch: "main",
    file: "catalog.yaml",
    people: { read: true, groups: ["^a"], users: ["^b"], restrictTo: "sandrill", inherited: true },
  };
  expect(discoveryOf(fieldsOf(discovery))).toEqual(discovery);
  expect(discoverySummary(discovery)).toBe(
    "sandrill · without groups below · matching ^sandrill/.*-api$ · without sandrill/attic · with topic ferry · archived too · no forks · branch release · file catalog.yaml · people of sandrill",
  );
  expect(discoverySummary({})).toBe("Everything the token is a member of");
  expect(discoverySummary({ membership: false, people: { read: false } })).toBe("The whole instance · no people");
});

it("warns of an end from 14 days on", () => {
  const left = (daysLeft: number | null) => ({ report: { facts: { daysLeft } } }) as Connection;
  expect([null, 90, 15, 14, 0, -3].map((days) => endsSoon(left(days)))).toEqual([
    false,
    false,
    false,
    true,
    true,
    true,
  ]);
  expect([-1, 0, 1, 9].map(daysLeftText)).toEqual(["expired", "expires today", "1 day left", "9 days left"]);
});
