"""Minutes of waiting from vehicles in the queue and gates that are open."""


def minutes(vehicles: int, gates: int, seconds_per_vehicle: float = 38.0) -> float:
    if gates < 1:
        raise ValueError("no gate is open")
    return vehicles * seconds_per_vehicle / gates / 60
