import assert from "node:assert/strict";
import { test } from "node:test";
import pg from "pg";
import { KeyReused, refund } from "../../src/refund.js";

const db = new pg.Pool({ connectionString: process.env.DATABASE_URL });
const request = { intent: "in_1", amount: { amount: 1250, currency: "EUR" as const }, key: "k-1" };

test("refunds › second refund with the same key is refused", async () => {
  await refund(db, request);
  await assert.rejects(refund(db, request), KeyReused);
});
