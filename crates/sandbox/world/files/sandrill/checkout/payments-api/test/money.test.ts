import assert from "node:assert/strict";
import { test } from "node:test";
import { share } from "../src/money.js";

test("a half rounds to even", () => {
  assert.equal(share({ amount: 5, currency: "EUR" }, 1, 2).amount, 2);
  assert.equal(share({ amount: 7, currency: "EUR" }, 1, 2).amount, 4);
});
