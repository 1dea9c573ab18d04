"""Tiers by nights at sea in twelve months."""

TIERS = [(0, "deck"), (6, "cabin"), (20, "bridge")]


def tier(nights: int) -> str:
    return [name for least, name in TIERS if nights >= least][-1]
