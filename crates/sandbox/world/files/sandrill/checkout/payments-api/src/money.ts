/** An amount in the minor unit of its currency: 12.50 EUR is `{ amount: 1250, currency: "EUR" }`. */
export interface Money {
  readonly amount: number;
  readonly currency: Currency;
}

export type Currency = "EUR" | "NOK" | "DKK" | "GBP" | "ISK";

export function add(a: Money, b: Money): Money {
  if (a.currency !== b.currency) {
    throw new RangeError(`cannot add ${b.currency} to ${a.currency}`);
  }
  return { amount: a.amount + b.amount, currency: a.currency };
}

/** A share of an amount, rounded half to even so that many refunds do not drift from the ledger. */
export function share(total: Money, part: number, whole: number): Money {
  const exact = (total.amount * part) / whole;
  const floor = Math.floor(exact);
  const rest = exact - floor;
  const up = rest > 0.5 || (rest === 0.5 && floor % 2 === 1);
  return { amount: up ? floor + 1 : floor, currency: total.currency };
}
