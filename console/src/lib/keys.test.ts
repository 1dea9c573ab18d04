import { expect, it } from "vitest";
import { match } from "./keys";

const bindings = { "g c": () => {}, c: () => {}, j: () => {} };

it("prefers the sequence to the single key", () => {
  expect(match(bindings, "c", "g")).toBe("g c");
  expect(match(bindings, "c", null)).toBe("c");
});

it("falls back to the single key after something else", () => {
  expect(match(bindings, "j", "g")).toBe("j");
});

it("knows no key by accident of JavaScript", () => {
  expect(match(bindings, "constructor", null)).toBeNull();
  expect(match(bindings, "x", "g")).toBeNull();
});
