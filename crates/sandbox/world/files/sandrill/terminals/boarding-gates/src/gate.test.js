import assert from "node:assert/strict";
import { test } from "node:test";
import { Gate } from "./gate.js";

test("a ticket opens once", () => {
  const gate = new Gate("SH-0715");
  assert.equal(gate.scan({ id: 1, sailing: "SH-0715" }), true);
  assert.equal(gate.scan({ id: 1, sailing: "SH-0715" }), false);
});
