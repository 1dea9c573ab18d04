import { expect, it } from "vitest";
import type { Check, CheckState, Grade } from "../api/connections";
import { beyond, midSentence, PLANNED, rowsOf, summary } from "./checks";

const check = (id: string, grade: Grade, state: CheckState): Check => ({
  id,
  grade,
  state,
  title: id,
  detail: "",
  remedy: null,
  millis: 1,
});
const all = (state: CheckState) => PLANNED.map((plan) => check(plan.id, plan.grade, state));

it("shows what is to come before anything ran, and which one runs", () => {
  const before = rowsOf("read", [], false, false);
  expect(before.map((row) => row.check)).toEqual(before.map(() => null));
  expect(before.some((row) => row.check === null && row.turn === "checking")).toBe(false);
  const [first, second] = rowsOf("read", [check("address", "read", "passed")], true, false);
  expect(first?.check?.state).toBe("passed");
  expect(second).toMatchObject({ id: "name", turn: "checking" });
});

it("goes on when a check is left out, and shows the rare ones only when they come", () => {
  expect(rowsOf("read", [], true, false).map((row) => row.id)).not.toContain("proxy");
  const checks = [
    check("address", "read", "passed"),
    check("gitlab", "read", "passed"),
    check("clock", "extra", "note"),
  ];
  const rows = rowsOf("read", checks, true, false);
  expect(rows.find((row) => row.id === "token")).toMatchObject({ turn: "checking" });
  expect(rows.find((row) => row.id === "port")).toMatchObject({ turn: "waiting" });
  expect(rowsOf("read", [...checks, check("proxy", "read", "passed")], true, false).map((row) => row.id)).toContain(
    "proxy",
  );
});

it("keeps to the report when the test ended, and shows checks it does not know", () => {
  const checks = [check("address", "read", "passed"), check("weather", "read", "note")];
  expect(rowsOf("read", checks, false, true).map((row) => row.id)).toEqual(["address", "weather"]);
});

it("puts every check in one part", () => {
  const rows = (["read", "use", "extra"] as const).flatMap((part) => rowsOf(part, all("passed"), false, true));
  expect(rows.map((row) => row.id).toSorted()).toEqual(PLANNED.map((plan) => plan.id).toSorted());
});

it("adds up", () => {
  expect(summary("read", [], null)).toBe("");
  expect(summary("read", all("passed"), true)).toBe("11 of 11 passed");
  const checks = [
    check("scope-act", "act", "failed"),
    check("role", "act", "passed"),
    check("webhooks", "hear", "failed"),
    check("rate", "extra", "note"),
  ];
  expect(summary("use", checks, true)).toBe("2 failed, none stops you from reading");
  expect(summary("use", checks.slice(0, 1), true)).toBe("1 failed, it does not stop you from reading");
  expect(summary("use", checks, false)).toBe("1 of 3 passed");
  expect(summary("use", all("skipped"), false)).toBe("not reached");
  expect(summary("read", all("passed").slice(0, 3), null, 12)).toBe("3 of 12 passed");
  expect(summary("extra", checks, true)).toBe("1 to look at");
  expect(summary("extra", all("passed"), true)).toBe("");
});

it("puts a title into a sentence", () => {
  expect(midSentence("The token expired")).toBe("the token expired");
  expect(midSentence("GitLab does not accept the token")).toBe("GitLab does not accept the token");
});

it.each([
  [
    "The token was revoked",
    'The token was revoked (GitLab says "Token was revoked.")',
    'GitLab says "Token was revoked."',
  ],
  ["The port does not open", "nothing listens there", "nothing listens there"],
  ["The token has expired", "the token has expired", ""],
  ["The token ends", "The token ends in 3 days", "The token ends in 3 days"],
])("%s: %s", (title, detail, more) => expect(beyond(title, detail)).toBe(more));
