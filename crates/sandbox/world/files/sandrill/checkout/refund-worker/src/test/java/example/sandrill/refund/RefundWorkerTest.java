package example.sandrill.refund;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class RefundWorkerTest {
    @Test
    void aBookingRefundedBeforeIsNotToldTwice() {
        List<String> told = new ArrayList<>();
        RefundWorker worker = new RefundWorker((intent, amount, key) -> !key.endsWith("B2"), (b, t) -> told.add(b));
        int n = worker.refund("SH-0715", List.of(
                new RefundWorker.Booking("A1", "in_1", 100), new RefundWorker.Booking("B2", "in_2", 100)));
        assertEquals(1, n);
        assertEquals(List.of("A1"), told);
    }
}
