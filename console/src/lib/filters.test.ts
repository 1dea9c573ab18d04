import { describe, expect, it } from "vitest";
import {
  countFilters,
  ENTITY_FILTERS,
  mergeFilters,
  readFilters,
  readQuery,
  takeTokens,
  toggle,
  writeQuery,
} from "./filters";

describe("the address", () => {
  it("keeps repeated keys as a list and single ones as a string", () => {
    expect(readQuery("?kind=api&kind=component&q=pay")).toEqual({ kind: ["api", "component"], q: "pay" });
  });

  it("comes back the same after writing and reading", () => {
    const search = { kind: ["api", "component"], owner: "group:default/checkout", q: "a b&c=d" };
    expect(readQuery(writeQuery(search))).toEqual(search);
  });

  it("leaves references readable and undefined out", () => {
    expect(writeQuery({ owner: ["group:default/checkout"], sort: undefined })).toBe("?owner=group:default/checkout");
    expect(writeQuery({})).toBe("");
  });

  it("drops what is no filter and what is empty", () => {
    expect(readFilters(ENTITY_FILTERS, { kind: ["api", "", "api"], nonsense: "x", owner: "" })).toEqual({
      kind: ["api"],
    });
  });
});

describe("toggle", () => {
  it("adds, and removes the key with its last value", () => {
    const one = toggle({}, "kind", "api");
    expect(one).toEqual({ kind: ["api"] });
    expect(toggle(one, "kind", "api")).toEqual({});
    expect(toggle(one, "kind", "API")).toEqual({});
    expect(toggle(one, "kind", "component")).toEqual({ kind: ["api", "component"] });
  });
});

describe("tokens in typed text", () => {
  const take = (text: string, all = false) => takeTokens(ENTITY_FILTERS, text, all);

  it("waits for the space that ends a token", () => {
    expect(take("owner:check")).toEqual({ filters: {}, rest: "owner:check" });
    expect(take("owner:checkout ")).toEqual({ filters: { owner: ["checkout"] }, rest: "" });
  });

  it("takes an unfinished token on Enter", () => {
    expect(take("pay owner:checkout", true)).toEqual({ filters: { owner: ["checkout"] }, rest: "pay" });
  });

  it("takes several in a row and repeated keys", () => {
    expect(take("kind:api kind:component tag:pci pay")).toEqual({
      filters: { kind: ["api", "component"], tag: ["pci"] },
      rest: "pay",
    });
  });

  it("reads quoted values and keys in any case", () => {
    expect(take('Lifecycle:"end of life" ')).toEqual({ filters: { lifecycle: ["end of life"] }, rest: "" });
  });

  it("leaves words with a colon that are no filter alone", () => {
    expect(take("http://x spec:y ", true)).toEqual({ filters: {}, rest: "http://x spec:y" });
  });
});

it("merges and counts", () => {
  const merged = mergeFilters({ kind: ["api"] }, { kind: ["api", "group"], tag: ["pci"] });
  expect(merged).toEqual({ kind: ["api", "group"], tag: ["pci"] });
  expect(countFilters(merged)).toBe(3);
});
