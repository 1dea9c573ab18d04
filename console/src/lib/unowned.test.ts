import { describe, expect, it } from "vitest";
import type { EntityRow } from "../api/types";
import { nextStep, ownerOf } from "./unowned";

const row = (over: Partial<EntityRow>) =>
  ({
    origin: "inferred",
    owner: null,
    project: { path: "sandrill/harbour/tide-feed", url: "https://gitlab.example/sandrill/harbour/tide-feed" },
    ...over,
  }) as EntityRow;

describe("the next step", () => {
  it("is a CODEOWNERS file where there is no catalog file", () => {
    const source = { file: null, ref: "release/1", editUrl: null };
    expect(nextStep(row({}), source)).toMatchObject({
      url: "https://gitlab.example/sandrill/harbour/tide-feed/-/new/release/1?file_name=CODEOWNERS",
      exact: true,
    });
    expect(nextStep(row({}), null)?.url).toContain("/-/new/HEAD?");
  });

  it("is the catalog file where there is one", () => {
    const editUrl = "https://gitlab.example/x/-/edit/main/catalog-info.yaml";
    expect(nextStep(row({ origin: "file" }), { file: "catalog-info.yaml", ref: "main", editUrl })?.url).toBe(editUrl);
    expect(nextStep(row({ origin: "file" }), null)).toMatchObject({ exact: false });
  });

  it("is not known for what comes from no project", () => {
    expect(nextStep(row({ project: null }), null)).toBeNull();
  });
});

it("knows no owner from missing evidence", () => {
  const owner = { ref: "", name: "", title: null, exists: false, evidence: "missing", detail: "", confidence: 0 };
  expect(ownerOf(row({ owner }))).toBeNull();
  expect(ownerOf(row({ owner: { ...owner, evidence: "commits" } }))?.evidence).toBe("commits");
});
