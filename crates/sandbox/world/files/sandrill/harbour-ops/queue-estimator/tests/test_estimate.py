import pytest

from queue_estimator.estimate import minutes


def test_two_gates_halve_the_wait():
    assert minutes(60, 2) == pytest.approx(19.0)
