"""Streams between our engine and a real server, as DUMP and RESTORE have them; also in the form of redis 5 and 6."""

import random

import pytest

from cachesim.engines.redis.dumped import VERSION
from cachesim.engines.redis.listpack import packed
from cachesim.engines.redis.rdb_parts import crc64, length, text
from cachesim.engines.redis.stream_file import OLD, group_parts, written_id
from cachesim.live.redis_server import RedisServer
from cachesim.units import MIB
from tests.engines.redis.random_streams import MAKERS
from tests.live.test_differential import reply
from tests.live.test_sizes import Both


@pytest.fixture
def both(start, clock):
    """Start a server beside our engine, at the same time."""
    return Both(start(RedisServer(memory=256 * MIB)), clock)


def fill(both):
    """Store a stream of several nodes with deleted entries, and groups with what is pending."""
    draw = random.Random(9)
    both.ask("CONFIG", "SET", "stream-node-max-entries", 5)
    for _ in range(700):
        both.clock.advance(draw.choice([0, 0.001, 0.5]))
        name = draw.choice(["XADD"] * 4 + ["XREADGROUP"] * 4 + ["XGROUP", "XCLAIM", "XDEL", "XACK"])
        command = [name, *MAKERS[name](draw)]
        at = {
            "XGROUP": 2,
            "XREADGROUP": command.index("STREAMS") + 1 if name == "XREADGROUP" else 0,
        }
        command = [*command[: at.get(name, 1)], "q", *command[at.get(name, 1) + 1 :]]
        if any("1844674" in str(part) for part in command):
            continue  # no id is higher than that
        ours, theirs = (reply(engine, tuple(command)) for engine in (both.ours, both.real))
        assert ours == theirs, command


def test_each_takes_what_the_other_one_gives(both):
    """Entries, deleted ones, ids, counters, groups, consumers and what is pending come along."""
    fill(both)
    whole = both.ask("XINFO", "STREAM", "q", "FULL", "COUNT", 0)
    ours, theirs = (engine.execute(("DUMP", "q")) for engine in (both.ours, both.real))
    both.real.execute(("RESTORE", "other", 0, ours))
    both.ours.execute(("RESTORE", "other", 0, theirs))

    assert whole[b"radix-tree-keys"] > 2
    assert sum(group[b"pel-count"] for group in whole[b"groups"]) > 10
    assert whole == both.ask("XINFO", "STREAM", "other", "FULL", "COUNT", 0)
    both.check("other", b"stream", within=0.05, usage=0.001)


def test_the_older_form(both):
    """It has neither the first id nor counters: both servers compute them alike."""
    fill(both)
    stream = both.ours.table.entries["q"].value
    parts = [bytes([OLD]), length(len(stream.nodes))]
    for id, node in stream.nodes.items():
        parts.append(text(id.to_bytes(16, "big")) + text(packed(node.elements())))
    parts += [length(len(stream)), written_id(stream.last), length(len(stream.groups))]
    for name, group in stream.groups.items():
        parts += [text(name), written_id(group.last), *group_parts(group)]
    payload = b"".join(parts) + VERSION
    payload += crc64(payload).to_bytes(8, "little")

    assert "OK" == both.ask("RESTORE", "other", 0, payload)
    told = both.ask("XINFO", "STREAM", "other", "FULL", "COUNT", 0)
    assert len(stream) == told[b"entries-added"]
