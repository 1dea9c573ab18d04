import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { isTimeSorted, paced, readEntitiesEvent } from "./live";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

it("reads an event and drops what is no reference", () => {
  expect(readEntitiesEvent('{"seq":7,"changed":["a:b/c",4],"removed":null,"more":true}')).toEqual({
    seq: 7,
    changed: ["a:b/c"],
    removed: [],
    more: true,
  });
  expect(readEntitiesEvent("not json")).toBeNull();
  expect(readEntitiesEvent("null")).toBeNull();
});

it("runs the first call at once and never loses the last", () => {
  const run = vi.fn();
  const call = paced(run, 400);
  call();
  expect(run).toHaveBeenCalledTimes(1);
  for (let i = 0; i < 50; i += 1) call();
  expect(run).toHaveBeenCalledTimes(1);
  vi.advanceTimersByTime(400);
  expect(run).toHaveBeenCalledTimes(2);
  vi.advanceTimersByTime(4000);
  expect(run).toHaveBeenCalledTimes(2);
  call();
  expect(run).toHaveBeenCalledTimes(3);
});

it("knows the lists that stand still", () => {
  expect(isTimeSorted(["entities", "list", { sort: "-changed" }])).toBe(true);
  expect(isTimeSorted(["entities", "list", { sort: "name" }])).toBe(false);
  expect(isTimeSorted(["entities", "list", undefined])).toBe(false);
});
