import { expect, it } from "vitest";
import { leftText, secondsLeft } from "./estimate";

const START = "2026-11-20T18:00:00Z";
const now = (seconds: number) => Date.parse(START) + seconds * 1000;

it("takes the pace so far", () => {
  expect(secondsLeft(START, 412, 1184, now(64))).toBeCloseTo(119.9, 1);
  expect(secondsLeft(START, 1184, 1184, now(64))).toBe(0);
  expect(secondsLeft(START, 1200, 1184, now(64))).toBe(0);
});

it("says nothing before it can", () => {
  expect(secondsLeft(null, 10, 100, now(60))).toBeNull();
  expect(secondsLeft(START, 0, 100, now(60))).toBeNull();
  expect(secondsLeft(START, 10, null, now(60))).toBeNull();
  expect(secondsLeft(START, 10, 100, now(1))).toBeNull();
  expect(secondsLeft(START, 10, 100, now(-30))).toBeNull();
  expect(secondsLeft("no time", 10, 100, now(60))).toBeNull();
});

it("speaks coarsely", () => {
  expect([null, 0, 10, 11, 55, 61, 119.9, 3600, 6000].map(leftText)).toEqual([
    "",
    "a few seconds left",
    "a few seconds left",
    "about 20 s left",
    "about 60 s left",
    "about 1 min left",
    "about 2 min left",
    "about 60 min left",
    "about 2 h left",
  ]);
});
