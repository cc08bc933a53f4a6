"""The lazy log against its eager twin: every command that the engine has, and no answer differs."""

import pytest

from cachesim.units import KIB
from tests.model.eager_replica import Play, answer


@pytest.mark.parametrize("policy", ["allkeys-lru", "allkeys-lfu", "volatile-ttl"])
def test_lazy_is_eager(policy):
    """With TTLs, eviction, deletes and three replicas: 0 of 40,500 reads differ, in three plays."""
    play = Play(5, policy=policy, memory=90 * KIB)
    while len(play.answers) < 13_500:
        play.step()

    assert play.primary.evictions > 100
    assert play.primary.expirations > 100
    assert [] == play.different


def test_reading_from_one_replica_changes_no_other():
    """Replica 2 is read five times as often; the answers of the others stay what they were."""

    def answers(extra):
        play, seen = Play(6, memory=100 * KIB), []
        for _ in range(3000):
            play.step()
            for _ in range(extra):
                play.lazy[2].catch_up(play.clock())
                answer(play.lazy[2].engine, ("GET", "k1"))
            if len(play.answers) % 2:
                seen += [answer(play.lazy[n].engine, ("KEYS", "*")) for n in (0, 1)]
        return seen, play.primary.log.entries[-5:], play.primary.memory

    assert answers(extra=0) == answers(extra=5)
