"""Free places by terminal."""

from collections import Counter


def free(places: dict[str, str], occupied: set[str]) -> Counter:
    """`places` maps a sensor to its terminal."""
    return Counter(terminal for sensor, terminal in places.items() if sensor not in occupied)
