"""What a sailing looks like to the model."""

from datetime import date

HOLIDAYS = {date(2026, 12, 24), date(2026, 12, 25), date(2027, 1, 1)}


def features(day: date, temperature: float, wind: float) -> list[float]:
    return [day.weekday() / 6, float(day in HOLIDAYS), temperature / 30, wind / 30]
