package example.sandrill.training;

import java.time.LocalDate;
import java.time.temporal.ChronoUnit;

/** A certificate of one person. */
public record Certificate(String person, String kind, LocalDate lapses) {
    public long daysLeft(LocalDate today) {
        return ChronoUnit.DAYS.between(today, lapses);
    }
}
