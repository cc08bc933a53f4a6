"""Who asks for what: popularity, sizes, shares and the two loops, statistically and by hand."""

import math
from collections import Counter
from itertools import islice

import numpy as np
import pytest

from cachesim.errors import BadInput
from cachesim.model.distributions import Constant, Lognormal
from cachesim.model.popularity import Drift, Popularity, Scan, Uniform, Zipf
from cachesim.model.strategies.lazy import NoCache
from cachesim.model.workload import (
    ClosedLoop,
    OpenLoop,
    Synthetic,
    Workload,
    key_name,
    size_from_text,
)
from cachesim.rng import CHUNK, stream
from tests.model.worlds import Script, crowd, requests_of, scripted

DRAWS = 100_000


def picked(popularity, size=DRAWS, first=0, seed=1):
    """Return key numbers."""
    return popularity.pick(stream(seed, "keys"), size, first)


def chi_square(numbers, probabilities):
    """Return Pearson's statistic, in standard deviations from its mean."""
    expected = probabilities * len(numbers)
    counts = np.bincount(numbers, minlength=len(probabilities))
    freedom = len(probabilities) - 1
    return (((counts - expected) ** 2 / expected).sum() - freedom) / math.sqrt(2 * freedom)


@pytest.mark.parametrize(
    ("popularity", "probabilities"),
    [
        (Uniform(keys=100), np.full(100, 0.01)),
        (Zipf(keys=100, skew=0.99), Zipf(keys=100, skew=0.99).probabilities()),
        (Zipf(keys=100, skew=0.0), np.full(100, 0.01)),
    ],
)
def test_keys_are_drawn_with_their_probabilities(popularity, probabilities):
    """Pearson's chi square over 100 keys and 100,000 draws, 99 % confidence (|z| < 2.576), seed fixed."""
    assert abs(chi_square(picked(popularity), probabilities)) < 2.576


def test_zipf_by_hand():
    """Rank r has weight 1 / r ** skew."""
    assert [6 / 11, 3 / 11, 2 / 11] == pytest.approx(
        Zipf(keys=3, skew=1.0).probabilities().tolist()
    )


@pytest.mark.parametrize("popularity", [Uniform(keys=1), Zipf(keys=1), Drift(keys=1), Scan(keys=1)])
def test_one_key_is_always_the_same(popularity):
    """With one key there is no choice."""
    assert {0} == set(picked(popularity, 100).tolist())


@pytest.mark.parametrize("kind", [Uniform, Zipf, Drift, Scan])
def test_keys_stay_in_range(kind):
    """Key numbers lie in 0 .. keys - 1, however far the run has come."""
    numbers = picked(kind(keys=7), 5_000, first=10**9)

    assert set(range(7)) == set(numbers.tolist())


def test_drift_moves_the_ranking_on():
    """Undone, the shift leaves Zipf's own draws: a step every `requests_per_step` requests."""
    numbers = picked(Drift(keys=50, requests_per_step=10), 1_000, first=35)
    steps = (35 + np.arange(1_000)) // 10

    assert picked(Zipf(keys=50), 1_000).tolist() == ((numbers - steps) % 50).tolist()


def test_scan_sweeps_all_keys_in_order():
    """A share of the requests goes through the keys one by one, evenly spread, across chunks too."""
    whole = picked(Scan(keys=5, share=1.0), 12, first=3)

    assert [k % 5 for k in range(3, 15)] == whole.tolist()

    mixed = picked(Scan(keys=1_000, share=0.25, skew=0.5), 400)
    swept = mixed[3::4]

    assert list(range(100)) == swept.tolist()
    assert picked(Zipf(keys=1_000, skew=0.5), 400)[0::4].tolist() == mixed[0::4].tolist()


def test_a_popularity_must_choose():
    """The base class says what is missing."""
    with pytest.raises(NotImplementedError):
        Popularity().pick(stream(1, "keys"), 1, 0)


def test_reads_have_their_share():
    """100,000 operations, 99 % confidence; at 0 and 1 there is no exception."""
    share = (
        Counter(op for _, op, _ in islice(OpenLoop(reads=0.95).requests(1), DRAWS))["read"] / DRAWS
    )

    assert abs(share - 0.95) < 2.576 * math.sqrt(0.95 * 0.05 / DRAWS)
    assert {"read"} == {op for _, op, _ in islice(OpenLoop(reads=1.0).requests(1), 1_000)}
    assert {"write"} == {op for _, op, _ in islice(OpenLoop(reads=0.0).requests(1), 1_000)}


def test_requests_go_on_across_chunks():
    """The stream has no seam: drift counts on where the last chunk of draws ended."""
    drift = Drift(keys=100, skew=3.0, requests_per_step=CHUNK)
    keys = [key for _, _, key in islice(OpenLoop(popularity=drift).requests(1), 2 * CHUNK)]
    favourite = [Counter(part).most_common(1)[0][0] for part in (keys[:CHUNK], keys[CHUNK:])]

    assert [key_name(0), key_name(1)] == favourite


def test_a_key_keeps_its_size():
    """The size is a function of the key's name: the same for every caller, in every order."""
    workload = OpenLoop(size=Lognormal(median=150, sigma=1.0))
    keys = workload.keys_loaded()
    sizes = [workload.size_of(key) for key in keys]

    assert sizes[::-1] == [workload.size_of(key) for key in reversed(keys)]
    assert len(set(sizes)) > 300


class Odd(OpenLoop):
    """Sizes of its own, whatever `size` says."""

    def size_of(self, key):
        """Return 100 bytes and the key's last digit."""
        return 100 + int(key[-1])


@pytest.mark.parametrize(
    "workload", [OpenLoop(), OpenLoop(size=Lognormal(median=150, sigma=1.0)), Odd()]
)
def test_many_sizes_are_those_of_each(workload):
    """Also where a subclass has sizes of its own beside a constant `size`."""
    keys = workload.keys_loaded()[:50]

    assert [workload.size_of(key) for key in keys] == workload.sizes_of(keys)


def test_sizes_follow_their_distribution():
    """Quantiles of 20,000 keys' sizes against the distribution's own (99 %: Kolmogorov's 1.63 / sqrt(n))."""
    size = Lognormal(median=5_000, sigma=1.0)
    workload = OpenLoop(size=size, popularity=Uniform(keys=20_000))
    sizes = np.sort([workload.size_of(key) for key in workload.keys_loaded()])
    for share in (0.05, 0.25, 0.5, 0.75, 0.95):
        below = np.searchsorted(sizes, size.quantile(share)) / len(sizes)

        assert abs(below - share) < 1.63 / math.sqrt(len(sizes))


def test_a_value_holds_its_stamp_at_least():
    """No value is smaller than 8 bytes."""
    assert 8 == OpenLoop(size=Constant(value=1)).size_of("a")
    assert 8 == OpenLoop(size=Lognormal(median=0.1, sigma=0.1)).size_of("a")
    assert 500 == OpenLoop().size_of("a")


def test_key_names():
    """Names have the size asked for unless the number needs more."""
    assert ("key:7", "key:007", "key:12345") == (key_name(7, 1), key_name(7, 7), key_name(12345, 5))
    assert ["key:0", "key:1"] == OpenLoop(popularity=Uniform(keys=2), key_size=5).keys_loaded()


@pytest.mark.parametrize(
    ("text", "size"),
    [("500", Constant(value=500)), ("lognormal:150,1", Lognormal(median=150, sigma=1))],
)
def test_sizes_from_text(text, size):
    """Bytes, or a lognormal's median and sigma."""
    assert size == size_from_text(text)


@pytest.mark.parametrize(
    "text", ["", "big", "normal:1,2", "lognormal:", "lognormal:1", "lognormal:a,b", "1:2,3", "1,2"]
)
def test_sizes_from_other_texts(text):
    """The sentence repeats the text and says what would do."""
    with pytest.raises(BadInput, match="a value size is bytes") as caught:
        size_from_text(text)

    assert f'got "{text}"' in str(caught.value)


def test_a_workload_must_say_who_asks():
    """The base classes name what is missing; they load no rows and have no users."""
    bare = Workload()

    assert ([], None) == (bare.keys_loaded(), bare.users)
    for missing in (
        lambda: bare.requests(1),
        lambda: bare.size_of("a"),
        lambda: Synthetic().gaps(1),
    ):
        with pytest.raises(NotImplementedError):
            missing()


# --- the loops


def test_the_open_loop_does_not_wait():
    """Arrivals keep their times however long answers take, and the one at the end is not let in."""
    steps = [(10.0, "read", "a")] * 5
    records = requests_of(scripted(NoCache(), steps, duration=50))

    assert [10.0, 20.0, 30.0, 40.0] == records["begin"].tolist()


def test_the_closed_loop_waits():
    """A user asks again a think time after the answer; two users share one stream of requests."""
    steps = tuple((5.0, "read", "a") for _ in range(6))
    alone = requests_of(scripted(NoCache(), (), workload=Script(steps=steps, clients=1)))
    both = requests_of(scripted(NoCache(), (), workload=Script(steps=steps, clients=2)))

    assert [5.0, 20.0, 35.0, 50.0, 65.0, 80.0] == alone["begin"].tolist()
    assert [5.0, 5.0, 20.0, 20.0, 35.0, 35.0] == both["begin"].tolist()
    assert [0, 1, 0, 1, 0, 1] == both["client"].tolist()


def test_the_closed_loop_starts_nothing_after_the_end():
    """A user whose thinking would last beyond the end has gone home; who was served is finished."""
    steps = tuple((5.0, "read", "a") for _ in range(6))
    records = requests_of(
        scripted(NoCache(), (), workload=Script(steps=steps, clients=1), duration=21)
    )

    assert [15.0, 30.0] == records["end"].tolist()


def test_all_that_went_in_comes_out():
    """What is under way at the end is finished: as many records as requests let in."""
    workload = OpenLoop(rate=500.0)
    let_in, now = 0, 0.0
    for gap, _, _ in workload.requests(1):
        if now + gap >= 5:
            break
        now += gap
        let_in += 1
    records = requests_of(scripted(NoCache(), (), workload=workload, duration=5, seed=1))

    assert let_in == len(records)
    assert records["end"].max() > 5


def test_clients_of_an_open_loop_are_reused():
    """A client's view is used again when its request is over: never two at once."""
    records = requests_of(scripted(NoCache(), [(20.0, "read", "a")] * 5))

    assert {0} == set(records["client"])
    crowd = requests_of(scripted(NoCache(), [(1.0, "read", "a")] * 5))

    assert 5 == crowd["client"].nunique()


def test_think_times_are_the_workloads_own():
    """The closed loop's gaps are draws of its think time."""
    gaps = [gap for gap, _, _ in islice(ClosedLoop(think=Constant(value=3.0)).requests(1), 5)]

    assert [3.0] * 5 == gaps
    assert 50 == ClosedLoop().users
    assert OpenLoop().users is None


def test_writers_write_and_the_others_read():
    """Clients 0 and 1 of five, whatever `reads` says; more writers than clients are refused."""
    scenario = crowd(NoCache(), clients=5, duration=1.0)
    records = requests_of(scenario.replace(workload__writers=2))
    ops = records.groupby("client")["op"].agg(set).to_dict()

    assert {0: {"write"}, 1: {"write"}, 2: {"read"}, 3: {"read"}, 4: {"read"}} == ops
    with pytest.raises(BadInput, match="at most the 5 clients, got 6"):
        ClosedLoop(clients=5, writers=6)
