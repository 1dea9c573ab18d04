import { expect, it } from "vitest";
import { makeWorld, pageOf } from "../../../dev/world.mjs";
import type { EntityPage } from "../../api/types";
import { changedParts } from "./changes";

function page(): EntityPage {
  const world = makeWorld();
  return pageOf(world, world.rows[0]) as unknown as EntityPage;
}

it("finds nothing between two readings of the same", () => {
  const before = page();
  expect(changedParts(before, { ...structuredClone(before), readAt: "2026-11-20T18:00:00Z" })).toEqual([]);
});

it("names what differs", () => {
  const before = page();
  const after = structuredClone(before);
  after.row.lifecycle = "deprecated";
  after.relations = after.relations.slice(1);
  expect(changedParts(before, after)).toEqual(["lifecycle", "relations"]);
});

it("does not take another order for a change", () => {
  const before = page();
  const after = structuredClone(before);
  after.relations.reverse();
  expect(changedParts(before, after)).toEqual([]);
});

it("says source when only a comment of the file changed", () => {
  const before = page();
  const after = structuredClone(before);
  if (after.source) after.source.text += "# later\n";
  expect(changedParts(before, after)).toEqual(["source"]);
});
