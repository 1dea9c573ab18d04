from rota_engine.rest import rested


def test_two_long_watches_in_a_day_are_too_much():
    assert rested([(0, 8), (12, 18)])
    assert not rested([(0, 8), (12, 20)])
