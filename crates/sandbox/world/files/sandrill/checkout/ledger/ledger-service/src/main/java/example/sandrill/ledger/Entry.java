package example.sandrill.ledger;

import java.time.Instant;

/** One side of a booking. The entries of a booking add up to zero. */
public record Entry(String booking, String account, long amount, String currency, Instant at) {
    public Entry {
        if (amount == 0) {
            throw new IllegalArgumentException("an entry of zero says nothing");
        }
    }
}
