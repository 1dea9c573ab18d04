import { expect, it } from "vitest";
import { ApiError } from "../api/client";
import { faultsOf } from "./faults";

it("finds the field that a refusal speaks of", () => {
  const error = new ApiError(422, {
    title: "What to read cannot be understood",
    errors: [
      { pointer: "/discovery/projects/0", message: "“(” is no regular expression.", remedy: "Close the bracket." },
      { pointer: "discovery.projects.1", message: "“[” is none either" },
      { pointer: "people.restrictTo", message: "no such group" },
      { pointer: "#/url", detail: "is empty" },
      { report: {} },
    ],
  });
  expect(Object.fromEntries(faultsOf(error))).toEqual({
    projects: "“(” is no regular expression. Close the bracket. “[” is none either",
    "people.restrictTo": "no such group",
    url: "is empty",
  });
  expect(faultsOf(new Error("x")).size).toBe(0);
});

it.each([
  ["name-taken", { name: "There is one already." }],
  ["same-instance", { url: "There is one already." }],
  ["declared", {}],
])("knows the field of %s", (slug, faults) => {
  const error = new ApiError(409, { type: `urn:stagedoor:problem:${slug}`, detail: "There is one already." });
  expect(Object.fromEntries(faultsOf(error))).toEqual(faults);
});
