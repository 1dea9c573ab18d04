"""Delays drawn from last summer; prints how many slots clash."""

import random

random.seed(7)


def clashes(slots: int, mean_delay: float) -> int:
    ends = 0.0
    count = 0
    for slot in range(slots):
        start = slot * 60 + random.expovariate(1 / mean_delay)
        count += start < ends
        ends = start + 50
    return count


if __name__ == "__main__":
    for delay in (5, 10, 20):
        print(delay, clashes(1000, delay))
