"""The 24 bits of use: the LRU clock and the LFU counter."""

from cachesim.engines.redis.engine import PolicyName
from cachesim.engines.redis.policy import (
    LRU_CLOCK_MAX,
    POLICIES,
    frequency,
    idle_time,
    lfu_bits,
    risen,
)
from cachesim.rng import uniform


def test_the_spec_names_every_policy():
    """The choice a spec offers is the table."""
    assert set(PolicyName.__args__) == set(POLICIES)


def test_idle_time_survives_the_wrap_of_the_clock():
    """A time of use ahead of the clock is one before the wrap."""
    assert 5 == idle_time(15, last=10)
    assert 20 == idle_time(10, last=LRU_CLOCK_MAX - 10)


def test_the_counter_falls_by_one_a_decay_time_down_to_zero():
    """One for each whole decay time since the last use."""
    bits = lfu_bits(minute=100, counter=7)

    assert 7 == frequency(bits, minute=100, decay_time=1)
    assert 4 == frequency(bits, minute=103, decay_time=1)
    assert 6 == frequency(bits, minute=103, decay_time=2)
    assert 0 == frequency(bits, minute=200, decay_time=1)
    assert 7 == frequency(bits, minute=200, decay_time=0)


def test_the_minutes_wrap():
    """A minute ahead of the clock is one before the wrap at 65,535."""
    assert 3 == frequency(lfu_bits(65_530, counter=10), minute=2, decay_time=1)


def test_the_counter_rises_for_certain_up_to_five():
    """A new or decayed key gains with its first use."""
    assert 6 == risen(5, log_factor=10, random=lambda: 0.999)
    assert 1 == risen(0, log_factor=10, random=lambda: 0.999)


def test_the_counter_rises_with_probability_one_in_over_times_factor_plus_one():
    """At 7 with factor 10 the chance is 1 in 21."""
    assert 8 == risen(7, log_factor=10, random=lambda: 1 / 21 - 1e-9)
    assert 7 == risen(7, log_factor=10, random=lambda: 1 / 21)


def test_the_counter_stops_at_255():
    """It has eight bits."""
    assert 255 == risen(255, log_factor=0, random=lambda: 0.0)


def test_the_counter_grows_like_the_root_of_the_uses():
    """After u uses about 5 + sqrt(2u / 10): 1000 uses give 17 to 20 in the mean of 200 keys."""
    random = uniform(1, "lfu")
    counters = []
    for _ in range(200):
        counter = 5
        for _ in range(1000):
            counter = risen(counter, 10, random)
        counters.append(counter)

    assert 17 < sum(counters) / 200 < 20
