import type { Pool } from "pg";
import type { Money } from "./money.js";

export interface RefundRequest {
  readonly intent: string;
  readonly amount: Money;
  readonly key: string;
}

export class KeyReused extends Error {
  readonly status = 409;
}

/**
 * Books a refund once per idempotency key. The unique index on `refund_key` decides, not a look beforehand:
 * two requests may arrive in the same millisecond from two kiosks.
 */
export async function refund(db: Pool, request: RefundRequest): Promise<string> {
  const found = await db.query(
    `insert into refund (intent, amount, currency, refund_key)
     values ($1, $2, $3, $4)
     on conflict (refund_key) do nothing
     returning id`,
    [request.intent, request.amount.amount, request.amount.currency, request.key],
  );
  const row = found.rows[0];
  if (row === undefined) {
    throw new KeyReused(`refund key ${request.key} was used before`);
  }
  return row.id;
}
