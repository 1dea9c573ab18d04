package example.sandrill.refund;

import java.util.List;

/** Refunds the bookings of one cancelled sailing; safe to run again from the start. */
public final class RefundWorker {
    private final Payments payments;
    private final Notices notices;

    public RefundWorker(Payments payments, Notices notices) {
        this.payments = payments;
        this.notices = notices;
    }

    public int refund(String sailing, List<Booking> bookings) {
        int refunded = 0;
        for (Booking booking : bookings) {
            String key = sailing + ":" + booking.reference();
            if (payments.refund(booking.intent(), booking.paid(), key)) {
                notices.queue(booking.reference(), "sailing-cancelled");
                refunded++;
            }
        }
        return refunded;
    }

    /** The answer is false when the key was used before. */
    public interface Payments {
        boolean refund(String intent, long amount, String key);
    }

    public interface Notices {
        void queue(String booking, String template);
    }

    public record Booking(String reference, String intent, long paid) {}
}
