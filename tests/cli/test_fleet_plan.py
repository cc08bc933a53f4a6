"""`cachesim plan`: a table, JSON, and one sentence for what no fleet can serve."""

import pytest

from cachesim.planner.plan import plan
from tests.cli.calls import done, refused


def test_the_plan_is_that_of_python():
    """The same text, from the same fields."""
    words = "--rate 200k --keys 10m --value-size 500 --writes 0.1 --skew 0.99 --budget 5 --zones 3"
    found = plan(
        rate=200_000, keys=10_000_000, value_size=500, writes=0.1, skew=0.99, budget=5, zones=3
    )

    assert f"{found}\n" == done("plan", *words.split()).out


def test_as_json():
    """The plan, each limit with its need, what binds, a lost node, and alternatives."""
    found = done("plan", "--types=r6g.large,cache.m6g.large", "--database=20k", "--json").json

    assert ("cache.m6g.large", 0, 0.149) == (found["type"], found["replicas"], found["per_hour"])
    assert {"memory", "cpu", "network"} < {limit["name"] for limit in found["limits"]}
    assert all(limit["ok"] and limit["need"] <= limit["limit"] for limit in found["limits"])
    assert found["per_month"] == pytest.approx(730 * found["per_hour"])
    assert ["cache.r6g.large"] == [each["type"] for each in found["alternatives"]]
    assert {"hit_ratio", "database", "promoted", "refill"} < found["lost_node"].keys()


def test_a_slow_server_needs_more_cores():
    """Twice the time of a command is twice the use of a core."""
    cpu = [
        next(limit["need"] for limit in found["limits"] if limit["name"] == "cpu")
        for time in ("10us", "20us")
        for found in [
            done("plan", "--keys=1", "--json", "--types=m7g.large", "--service", time).json
        ]
    ]

    assert [0.1, 0.2] == pytest.approx(cpu)


REFUSED = {
    "--service 0": "--service must be > 0 and finite seconds",
    "--rate -1": "--rate must be > 0",
    "--rate 2x": '--rate: number "2x" has the unit "x"; choose from k, m, b',
    "--keys 1.5": "--keys must be a whole number",
    "--writes 2": "--writes must be between 0 and 1",
    "--survive zone": "--zones must be at least 2 to survive the loss of a zone",
    "--types r99": '--types: unknown node type "r99"; choose one such as cache.r6g.large',
    "--budget 0.01": "--budget must be at least $0.064 per hour for this load, got 0.01",
    "--rate 10m": "no number of shards serves this load: the hottest key alone gets 6.5%",
    "--connections 70k": "no fleet of at most 90 nodes serves this load; the nearest is",
}


@pytest.mark.parametrize("words", REFUSED)
def test_bad_input_is_one_sentence(words):
    """It names the option, or says why no fleet serves the load; exit code 2."""
    assert refused("plan", *words.split()).startswith(f"cachesim: {REFUSED[words]}")
