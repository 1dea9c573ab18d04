import { expect, it } from "vitest";
import {
  type ColumnMeta,
  DEFAULT_COLUMNS,
  fitColumns,
  neededWidth,
  nextSort,
  readColumns,
  writeColumns,
} from "./columns";

it("reads columns from the address, the name always among them", () => {
  expect(readColumns(undefined)).toEqual(DEFAULT_COLUMNS);
  expect(readColumns("owner,nonsense,problems")).toEqual(["name", "owner", "problems"]);
  expect(readColumns("nonsense")).toEqual(DEFAULT_COLUMNS);
});

it("leaves columns out in a narrow window, but none that the address names", () => {
  expect(fitColumns(undefined, 1200)).toEqual(DEFAULT_COLUMNS);
  expect(fitColumns(undefined, 1048)).toEqual(DEFAULT_COLUMNS.filter((id) => id !== "changed"));
  expect(fitColumns(undefined, 1048, "-changed")).toEqual(DEFAULT_COLUMNS.filter((id) => id !== "confirmed"));
  expect(fitColumns(undefined, 640)).toEqual(["name", "owner", "problems"]);
  expect(neededWidth(fitColumns(undefined, 800))).toBeLessThanOrEqual(800);
  expect(fitColumns("type,system,owner,language", 400)).toEqual(["name", "type", "system", "owner", "language"]);
});

it("writes nothing for the default", () => {
  expect(writeColumns(DEFAULT_COLUMNS)).toBeUndefined();
  expect(writeColumns(["problems", "name"])).toBe("name,problems");
});

it("cycles through the directions the API sorts by, then back to none", () => {
  const problems: ColumnMeta = { label: "Problems", sort: "problems", desc: true };
  expect(nextSort(problems, undefined)).toBe("-problems");
  expect(nextSort(problems, "-problems")).toBe("problems");
  expect(nextSort(problems, "problems")).toBeUndefined();
  const name: ColumnMeta = { label: "Name", sort: "name" };
  expect(nextSort(name, undefined)).toBe("-name");
  expect(nextSort(name, "-name")).toBeUndefined();
  const owner: ColumnMeta = { label: "Owner", sort: "owner" };
  expect(nextSort(owner, undefined)).toBe("owner");
  expect(nextSort(owner, "owner")).toBe("-owner");
  expect(nextSort(owner, "-owner")).toBeUndefined();
});
