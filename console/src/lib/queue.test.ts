import { describe, expect, it } from "vitest";
import type { Job } from "../api/solid";
import { allIsWell, allJobs, dropText, nextText, oldestAge, projectOf, stateWord } from "./queue";
import { readState } from "./states";

const NOW = Date.parse("2026-11-20T18:00:00Z");
const ago = (seconds: number) => new Date(NOW - seconds * 1000).toISOString();

const job = (change: Partial<Job> = {}): Job => ({
  id: 12,
  kind: "catalog.project",
  title: "Read project",
  about: "sandrill/checkout/cart",
  connection: "main",
  state: "waiting",
  attempts: 0,
  runAt: ago(0),
  failedAt: null,
  deadAt: null,
  lastError: null,
  ...change,
});

describe("what comes next", () => {
  it.each([
    [{ state: "dead", deadAt: ago(7200) }, "Given up 2 h ago"],
    [{ state: "dead" }, "Given up"],
    [{ state: "retrying", runAt: ago(-40) }, "Tried again in 40 s"],
    [{ state: "retrying", runAt: ago(3) }, "Tried again now"],
    [{ state: "running", runAt: ago(3) }, "Runs now"],
    [{ state: "waiting", runAt: ago(3) }, "Due for 3 s"],
    [{ state: "waiting", runAt: ago(-90) }, "Due in 1 min"],
  ] as [Partial<Job>, string][])("%o", (change, text) => {
    expect(nextText(job(change), NOW)).toBe(text);
  });
});

describe("the project of a job", () => {
  it.each([
    [{}, "sandrill/checkout/cart"],
    [{ about: "main/42" }, null],
    // A project may well be called by a number, but not in a group named like the connection and known by its key.
    [{ about: "sandrill/42" }, "sandrill/42"],
    [{ kind: "catalog.pass", about: "main" }, null],
    [{ kind: "catalog.pass", about: "a/b" }, null],
  ] as [Partial<Job>, string | null][])("%o", (change, path) => {
    expect(projectOf(job(change))).toBe(path);
  });
});

it("says what is lost with a job, and never that nothing is for one it does not know", () => {
  expect(dropText(job())).toMatch(/next complete read of main/);
  expect(dropText(job({ kind: "catalog.pass" }))).toMatch(/next one of main/);
  expect(dropText(job({ kind: "broker.watch" }))).toMatch(/Nothing does it later/);
});

it("counts, and reads states from an address", () => {
  expect(allJobs({ dead: 1, retrying: 2, running: 3, waiting: 4 })).toBe(10);
  expect(readState("dead")).toBe("dead");
  expect(readState("alive")).toBeUndefined();
  expect(stateWord("held")).toBe("held");
  expect(oldestAge(null, NOW)).toBeNull();
  expect(oldestAge(ago(12), NOW)).toBe(12);
});

it.each([
  [0, 0, null, true],
  [0, 0, 3, true],
  [0, 0, 61, false],
  [1, 0, null, false],
  [0, 1, null, false],
])(
  "is well only when nothing failed and nothing is late: %d dead, %d retrying, oldest %s",
  (dead, retrying, age, well) => {
    const counts = { dead, retrying, running: 5, waiting: 900 };
    expect(allIsWell({ counts, oldestDue: age === null ? null : ago(age) }, NOW)).toBe(well);
  },
);
