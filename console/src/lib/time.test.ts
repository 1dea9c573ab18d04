import { expect, it } from "vitest";
import { ageSeconds, plural, span } from "./time";

it.each([
  [-5, "0 s"],
  [0, "0 s"],
  [59.9, "59 s"],
  [60, "1 min"],
  [3599, "59 min"],
  [3600, "1 h"],
  [47 * 3600, "47 h"],
  [48 * 3600, "2 d"],
  [300 * 86400, "300 d"],
])("%d seconds read as %s", (seconds, text) => {
  expect(span(seconds)).toBe(text);
});

it("never shows an age below zero, and none for what is no time", () => {
  expect(ageSeconds("2026-11-20T18:00:10Z", Date.parse("2026-11-20T18:00:00Z"))).toBe(0);
  expect(ageSeconds("yesterday", 0)).toBeNull();
});

it("counts in words", () => {
  expect(plural(1, "error")).toBe("1 error");
  expect(plural(1184, "project")).toBe("1,184 projects");
  expect(plural(2, "entity", "entities")).toBe("2 entities");
});
