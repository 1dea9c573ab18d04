import { expect, it } from "vitest";
import { suggest } from "./suggest";

const facets = {
  kind: [{ value: "component", label: "component", count: 20 }],
  owner: [
    { value: "group:default/checkout", label: "Checkout", count: 4 },
    { value: "group:default/harbour-ops", label: "Harbour Ops", count: 9 },
  ],
  language: [{ value: "Rust", label: "Rust", count: 3 }],
};
const KEYS = ["kind", "owner", "language"] as const;
const ids = (text: string, chosen = {}) => suggest(KEYS, text, facets, chosen).map((s) => s.id);

it("offers the values of a key, the most frequent first", () => {
  expect(ids("owner:")).toEqual(["owner:group:default/harbour-ops", "owner:group:default/checkout"]);
  expect(ids("owner:che")).toEqual(["owner:group:default/checkout"]);
});

it("offers any value by the beginning of one of its words", () => {
  expect(ids("ops")).toEqual(["owner:group:default/harbour-ops"]);
  expect(ids("comp")).toEqual(["kind:component"]);
});

it("looks at the last word and keeps the rest", () => {
  expect(suggest(KEYS, "pay rus", facets, {})[0]).toMatchObject({ id: "language:Rust", rest: "pay " });
});

it("offers nothing for one letter, nor what is chosen", () => {
  expect(ids("r")).toEqual([]);
  expect(ids("rus", { language: ["Rust"] })).toEqual([]);
});
