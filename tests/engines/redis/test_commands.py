"""The table of commands: what a row gives, what a new row forgets, and commands of one's own."""

import re
from pathlib import Path
from random import Random

import pytest

from cachesim.clock import ManualClock
from cachesim.engines.base import Work
from cachesim.engines.redis.arguments import ARGUMENT_TYPES, KEYS, argument
from cachesim.engines.redis.command import RedisCommand, admit, call, table
from cachesim.engines.redis.commands import COMMANDS
from cachesim.engines.redis.engine import Redis
from cachesim.engines.redis.key_places import Positions
from cachesim.engines.redis.work import bulk
from cachesim.errors import BadInput, CommandError
from cachesim.experiments.run import run
from cachesim.model.distributions import Constant
from cachesim.model.node import Node
from cachesim.model.strategies.lazy import LazyLoading
from cachesim.model.workload import OpenLoop
from cachesim.rng import uniform
from cachesim.scenario import Scenario
from cachesim.wire.clients import OWN, Clients
from tests.engines.redis.random_commands import MAKERS

PAGE = Path(__file__).parents[3] / "docs/howto/serve.md"
NOT_DRAWN = {  # by random_commands: refused, other bytes with the same meaning, or other clients are needed
    "DEBUG", "DUMP", "INFO", "LOLWUT", "PUBLISH", "PUBSUB", "SPOP",
    "BGREWRITEAOF", "BGSAVE", "LASTSAVE", "SAVE",  # tests/live/test_snapshots.py has them
    *(name for name, row in COMMANDS.items() if row.blocks),
}  # fmt: skip
NO_BYTES = {  # replies strings, yet has no `replies`: a number, a key's name or a short fact
    "HINCRBYFLOAT", "INCRBYFLOAT", "LOLWUT", "MEMORY|MALLOC-STATS", "MEMORY|STATS",
    "OBJECT|ENCODING", "RANDOMKEY", "ROLE", "TIME",
}  # fmt: skip


def twice(db, key):
    """TWICE key: the string, two times."""
    entry = db.read(key)
    return None if entry is None else entry.value * 2


class Mine(Redis):
    """A Redis with one command more."""

    commands = Redis.commands | table(
        RedisCommand("TWICE", "key", "readonly fast", twice, replies=twice)
    )


def build(spec=None):
    return (spec or Redis()).build(ManualClock(), uniform(1, "commands"))


def test_a_command_from_outside_is_one_row():
    """It runs by `execute` and over the wire, is listed, and its reply has a price in the model."""
    engine = build(Mine())
    engine.set("a", b"one")
    client = Clients(engine).join()

    assert b"oneone" == engine.execute(("twice", "a"))
    assert b"$6\r\noneone\r\n" == client.receive(b"TWICE a\r\n")
    assert b"*1\r\n$1\r\na\r\n" == client.receive(b"COMMAND GETKEYS TWICE a\r\n")
    assert client.receive(b"COMMAND INFO TWICE\r\n").startswith(
        b"*1\r\n*10\r\n$5\r\ntwice\r\n:2\r\n"
    )
    assert Work(1, 6) == engine.work(("TWICE", "a"))
    assert 2 == engine.tally.calls["TWICE"]
    assert "TWICE" not in Redis().commands


class Asking(LazyLoading):
    """Lazy loading that also sends the new command before each read."""

    def read(self, app, key):
        yield app.cache.execute("TWICE", key)
        return (yield from super().read(app, key))


def test_the_node_of_a_scenario_takes_its_time():
    """TWICE and GET move three times the bytes of GET alone, so the node is three times as busy."""
    world = Scenario(
        cache=Mine(),
        node=Node(service=Constant(value=0), per_byte=1e-6),
        workload=OpenLoop(rate=500, reads=1.0, size=Constant(value=100)),
        start="warm",
        duration=4,
        warmup=0,
    )
    plain, asking = (
        run(world.replace(strategy=strategy)).metrics["cache_utilization"]
        for strategy in (LazyLoading(), Asking())
    )

    assert plain > 0
    assert 3 * plain == pytest.approx(asking, rel=0.01)


def test_its_arguments_are_checked_as_those_of_any_command():
    """The number of arguments by the syntax, the type of the key by the function."""
    engine = build(Mine())

    with pytest.raises(CommandError, match=r"^ERR wrong number of arguments for 'twice' command$"):
        engine.execute(("TWICE",))
    with pytest.raises(CommandError, match=r"^ERR unknown command 'TWICE'"):
        build().execute(("TWICE", "a"))


@pytest.mark.parametrize(
    ("syntax", "arity", "keys", "stored"),
    [
        ("", 1, (0, 0, 0), (0, 0, 0)),
        ("key", 2, (1, 1, 1), (0, 0, 0)),
        ("key value [option ...]", -3, (1, 1, 1), (2, 2, 1)),
        ("key [key ...]", -2, (1, -1, 1), (0, 0, 0)),
        ("key key", 3, (1, 2, 1), (0, 0, 0)),
        ("key value [key value ...]", -3, (1, -1, 2), (2, -1, 2)),
        ("key field value [field value ...]", -4, (1, 1, 1), (2, -1, 1)),
        ("key field [field ...]", -3, (1, 1, 1), (0, 0, 0)),
        ("key field integer", 4, (1, 1, 1), (0, 0, 0)),
        ("argument key key [key ...]", -4, (2, -1, 1), (0, 0, 0)),
        ("[message]", -1, (0, 0, 0), (1, -1, 1)),
    ],
)
def test_arity_keys_and_what_is_stored_follow_from_the_syntax(syntax, arity, keys, stored):
    """So a row says each thing once."""
    row = RedisCommand("X", syntax, "", lambda db, *arguments: "OK")

    assert (arity, Positions(*keys), Positions(*stored)) == (row.arity, row.keys, row.stored)


def test_arguments_arrive_as_their_types_read_them():
    """Keys as text, integers as int, everything else as the bytes that were sent."""
    row = RedisCommand("X", "key integer [key value ...]", "", lambda db, *arguments: "OK")

    assert ["a", 7, "b", b"8"] == row.read([b"X", b"a", b"7", b"b", b"8"])
    with pytest.raises(CommandError, match="not an integer"):
        row.read([b"X", b"a", b"x"])
    with pytest.raises(CommandError, match="wrong number of arguments for 'x' command"):
        row.read([b"X", b"a", b"7", b"b"])


@pytest.mark.parametrize(
    ("syntax", "flags", "sentence"),
    [
        ("key worth", "fast", 'has an unknown type "worth"; choose from argument, bit, .* value$'),
        ("key", "quick", 'has an unknown flag "quick"; choose from admin, .* write$'),
    ],
)
def test_an_unknown_type_or_flag_is_named(syntax, flags, sentence):
    """One sentence with the command, the word and every choice."""
    with pytest.raises(BadInput, match=f"^the command X {sentence}"):
        RedisCommand("X", syntax, flags, lambda db: "OK")


def test_several_commands_are_called_after_one_begin():
    """As MULTI and EVAL need it: between the calls no time passes and nothing is evicted."""
    engine = build(Redis(memory=64 * 1024 + 4096, policy="allkeys-lru"))
    engine.execute(("SET", "a", "x", "PX", 10))
    argvs = [[b"GET", b"a"], [b"SET", b"b", b"y" * 8000], [b"STRLEN", b"b"], [b"GET", b"a"]]
    rows = [admit(engine, argv) for argv in argvs]
    engine.clock.advance(1)

    assert [b"x", "OK", 8000, b"x"] == [
        call(engine, row, argv) for row, argv in zip(rows, argvs, strict=True)
    ]
    assert engine.memory > engine.limit
    assert 0 == engine.evictions

    engine.begin()

    assert engine.memory <= engine.limit
    assert {"GET": 2, "SET": 2, "STRLEN": 1} == dict(engine.tally.calls)


@pytest.mark.parametrize("row", [*COMMANDS.values(), *OWN.values()], ids=lambda row: row.name)
def test_every_command_has_its_help(row):
    """The first line of the docstring begins with the name; COMMAND DOCS and HELP show it."""
    usage = (row.function.__doc__ or "").split("\n")[0]
    names = usage.replace(" ", "|").upper()

    assert re.search(rf"(^|,\|){re.escape(row.name)}\b", names), usage
    assert usage.endswith(".") or row.function.__doc__.count("\n"), usage


def test_every_command_is_drawn_for_the_comparison_with_the_server():
    """A new command needs a maker of arguments in random_commands.py."""
    names = {name.split("|")[0] for name in COMMANDS}

    assert names - NOT_DRAWN == set(MAKERS)


def test_a_command_that_replies_strings_says_so():
    """Without `replies` its reply would cost nothing in the model. It finds keys of the type of its file."""
    draw, forgotten = Random(3), set()
    for name in MAKERS:
        for fills in (("SET", "HSET"), writers_beside(name)):
            engine = build()
            for each in (*fills, name) * 30:
                row, reply = drawn_call(engine, each, draw)
                if row and row.replies is None and bulk(reply):
                    forgotten.add(row.name)

    assert forgotten <= NO_BYTES


def writers_beside(name):
    """Return the commands of the same file that write."""
    files = {each: row.function.__module__ for each, row in COMMANDS.items() if each in MAKERS}
    return [
        each for each in files if files[each] == files[name] and "write" in COMMANDS[each].flags
    ]


def drawn_call(engine, name, draw):
    """Call a command with drawn arguments; return its row and the reply, or nothing if it is refused."""
    argv = [argument(part) for part in (name, *MAKERS[name](draw))]
    try:
        row = admit(engine, argv)
        return row, call(engine, row, argv)
    except CommandError:
        return None, None


def test_every_type_is_used():
    """A type that no command has is one too many."""
    used = {each for row in {**COMMANDS, **OWN}.values() for each in (*row.required, *row.further)}

    assert set(ARGUMENT_TYPES) == used
    assert KEYS <= used


def test_the_page_lists_every_command():
    """docs/howto/serve.md names the commands that are there, and no others."""
    listed = re.search(r"<!-- commands -->\n(.*?)<!-- end -->", PAGE.read_text("utf-8"), re.DOTALL)[
        1
    ]
    known = {name.split("|")[0] for name in {**COMMANDS, **OWN}}

    assert known == set(re.findall(r"`([A-Z_]+)`", listed))
