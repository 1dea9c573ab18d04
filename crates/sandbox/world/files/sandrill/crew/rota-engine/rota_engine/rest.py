"""Rest-hour rules. Hours are whole hours since the start of the rota."""

DAY = 24
LONGEST_DAY = 14


def rested(watches: list[tuple[int, int]]) -> bool:
    """True when no window of twenty-four hours holds more than fourteen of work."""
    for start, _ in watches:
        end = start + DAY
        worked = sum(max(0, min(to, end) - max(since, start)) for since, to in watches)
        if worked > LONGEST_DAY:
            return False
    return True
