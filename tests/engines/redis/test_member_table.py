"""What is made only when somebody asks for it: the buckets of members, and the order of a sorted set."""

from random import Random

import pytest

from cachesim.engines.redis.engine import Redis, RedisEngine
from cachesim.engines.redis.hashtable import DictEntry, HashTable, key_hash
from cachesim.engines.redis.listpack import back_length, element_bytes, encoded_bytes
from cachesim.engines.redis.member_table import MemberTable
from cachesim.engines.redis.zset_ranges import score_of
from cachesim.engines.redis.zset_value import SortedSet
from cachesim.errors import CommandError


def build() -> RedisEngine:
    return Redis().build(clock=lambda: 0.0, random=lambda: 0.5)


def with_secret(db: RedisEngine, member: bytes) -> DictEntry:
    made = DictEntry()
    made.key, made.hash = member, key_hash(member, db.secret)
    return made


@pytest.mark.parametrize("looks_every", [1, 7, 500])
def test_buckets_are_those_of_a_table_that_always_has_them(looks_every):
    """Whenever somebody looks, each chain has the order that it would have had."""
    db, draw = build(), Random(1)
    members: dict[bytes, None] = {}
    lazy = MemberTable(db, members)
    eager: HashTable[DictEntry] = HashTable(lambda: 0.5, lambda table: True, lambda change: None)
    for step in range(1500):
        member = b"%d" % draw.randrange(600)
        if member not in members:
            lazy.put(member)
            members[member] = None
            eager.add(with_secret(db, member))
        elif draw.random() < (step > 700) * 0.9:
            del members[member]
            lazy.drop(member)
            eager.remove(eager.entries[member])
            eager.tidy()
        assert (eager.mask, eager.table_bytes) == (lazy.mask, lazy.table_bytes)
        if step % looks_every == 0:
            for at in range(eager.mask + 1):
                assert [entry.key for entry in eager.bucket(at)] == lazy.bucket(at)


@pytest.mark.parametrize("asks_every", [1, 5, 400])
def test_the_order_is_right_whenever_somebody_asks(asks_every):
    """After one change, after a few, and after so many that all members are sorted again."""
    found, draw = SortedSet(build()), Random(2)
    twin: dict[bytes, float] = {}
    for step in range(2000):
        member, score = b"%d" % draw.randrange(700), float(draw.randrange(40))
        if draw.random() < 0.7:
            found.put(member, score)
            twin[member] = score
        else:
            assert found.remove(member) == (twin.pop(member, None) is not None)
        if step % asks_every == 0:
            pairs = sorted((score, member) for member, score in twin.items())
            assert pairs == list(found.between(0, -1)) == list(found.copy().order)
            if pairs:
                place = draw.randrange(len(pairs))
                assert place == found.rank(pairs[place][1])


def test_a_short_text_takes_what_the_general_rule_says():
    """For every length up to the limit, and for what may be a number."""
    for element in (*(b"x" * n for n in range(70)), b"", b":", b"9", b"-", b"9x", b"\xff"):
        size = encoded_bytes(element)
        assert size + back_length(size) == element_bytes(element)


def test_a_long_whole_number_may_be_no_score():
    """Up to 1.8e308 it is one, however many digits it is written with."""
    assert [1e299, 1e308, 0.0, 7.0] == [
        score_of(part) for part in (b"1" + b"0" * 299, b"1" + b"0" * 308, b"000", b"0" * 400 + b"7")
    ]
    with pytest.raises(CommandError):
        score_of(b"1" * 310)


def test_a_name_that_was_noted_is_still_the_right_command():
    """A subcommand is looked up each time; a name in any letters is noted for its own command."""
    engine = build()
    engine.execute(("SET", "a", "x"))
    told = [engine.execute(("OBJECT", word, "a")) for word in ("ENCODING", "REFCOUNT", "ENCODING")]

    assert [b"embstr", 1, b"embstr"] == told
    assert [b"x", b"x"] == [engine.execute((name, "a")) for name in ("gEt", "GET")]
    assert {b"SET", b"gEt", b"GET"} == set(engine.rows)
