"""COMMAND and ACL CAT: what a real server says about each command that we have."""

import io

import pytest

from cachesim.engines.redis.command_facts import all_commands
from tests.wire.by_hand import Wire
from tests.wire.real import Client, RealRedis, resp

# Commands that are refused here with any arguments: their rows say less than the server's.
REFUSED = {"psync", "sync", "migrate"}
CLUSTER = """addslots addslotsrange bumpepoch delslots delslotsrange failover flushslots forget meet
    replicate reset saveconfig set-config-epoch setslot"""
REFUSED |= {f"cluster|{name}" for name in CLUSTER.split()}


class Ours(Client):
    """A client of an embedded engine."""

    def __init__(self):
        self.client = Wire(1).all[0]

    def send(self, *parts):
        words = [each if isinstance(each, bytes) else str(each).encode() for each in parts]
        self.stream = io.BytesIO(self.client.receive(resp(words)))


@pytest.fixture(scope="module")
def real(tmp_path_factory):
    server = RealRedis(tmp_path_factory.mktemp("commands"))
    yield server
    server.close()


@pytest.fixture(scope="module")
def ours():
    return Ours()


def by_name(rows):
    """Put the rows of COMMAND, and of subcommands, into a dict."""
    return {row[0].decode(): row for each in rows for row in (each, *each[9])}


def without_notes(spec):
    """A specification of keys without its sentences, its flags in one order."""
    pairs = dict(zip(spec[::2], spec[1::2], strict=True))
    return {
        name: sorted(value) if name == b"flags" else value
        for name, value in pairs.items()
        if name != b"notes"
    }


def comparable(row):
    name, arity, flags, first, last, step, categories, tips, specs, _ = row
    keys = list(map(without_notes, specs))
    return (name, arity, sorted(flags), first, last, step, sorted(categories), tips, keys)


def test_each_command_is_described_as_by_a_server(real, ours):
    """Arity, flags, places of keys, categories, tips and key specifications are the server's."""
    theirs, mine = by_name(real.ask("COMMAND")), by_name(ours.ask("COMMAND"))

    assert set() == mine.keys() - theirs.keys()
    assert {} == {
        name: [
            pair
            for pair in zip(comparable(row), comparable(theirs[name]), strict=True)
            if pair[0] != pair[1]
        ]
        for name, row in mine.items()
        if name not in REFUSED and comparable(row) != comparable(theirs[name])
    }


def test_the_list_is_that_of_a_server(real):
    """The list of commands names every command of a server with its categories."""
    theirs = by_name(real.ask("COMMAND"))

    assert {name: {each[1:] for each in row[6]} for name, row in theirs.items()} == {
        name: set(facts.categories) for name, facts in all_commands().items()
    }


def test_lists_of_names_are_those_of_a_server(real, ours):
    """Every filter of COMMAND LIST, and every category of ACL CAT, gives the same of our commands."""
    categories = real.ask("ACL", "CAT")
    asked = [("ACL", "CAT", each) for each in categories]
    asked += [("COMMAND", "LIST", "FILTERBY", "ACLCAT", each) for each in categories]
    patterns = ("get*", "[hz]*|*", "CONFIG|?ET", "*", "nothing")
    asked += [("COMMAND", "LIST", "FILTERBY", "PATTERN", each) for each in patterns]
    asked += [("COMMAND", "LIST"), ("COMMAND", "LIST", "FILTERBY", "MODULE", "x")]
    asked += [("COMMAND", "LIST", "FILTERBY", "ACLCAT", "nothing")]
    mine = set(ours.ask("COMMAND", "LIST"))

    assert categories == ours.ask("ACL", "CAT")
    for words in asked:
        assert set(real.ask(*words)) & mine == set(ours.ask(*words)), words
    for words in ("FILTERBY", "FILTERBY FOO x", "FOO", "FILTERBY PATTERN a b"):
        assert real.ask("COMMAND", "LIST", *words.split()) == ours.ask(
            "COMMAND", "LIST", *words.split()
        )


def test_keys_are_those_that_a_server_finds(real, ours):
    """GETKEYS and GETKEYSANDFLAGS reply the same, errors too."""
    lines = """GET a|SET a b|SET a b GET|SET a b get EX 1|MSET a 1 b 2|MGET a b c|GET|FOO a|PING|INFO
        COPY a b|RENAME a b|DEL a b|ZUNIONSTORE d 2 a b|ZUNIONSTORE d 3 a b|ZUNIONSTORE d x a b|ZUNION 1 a
        BITOP AND d a b|BITFIELD a GET u8 0|BITFIELD a SET u8 0 1|BITFIELD a FOO|BITFIELD a OVERFLOW SAT GET u8 0
        BLMPOP 0 2 a b LEFT|SINTERCARD 2 a b|SINTERCARD 0 a|LMOVE a b LEFT RIGHT|OBJECT ENCODING a|CONFIG GET x
        MEMORY USAGE a|MIGRATE h 1 a 0 5|PUBLISH a b|SUBSCRIBE a|WATCH a b|EXPIRE a 1
        SPOP a|GETEX a|HSET a b c|ZADD a 1 b|ZRANGESTORE a b 0 1|LCS a b|SMOVE a b c|GETDEL a|RESTORE a 0 b"""
    for line in lines.replace("\n", "|").split("|"):
        words = line.strip().split(" ")
        for command in ("GETKEYS", "GETKEYSANDFLAGS"):
            replies = [each.ask("COMMAND", command, *words) for each in (real, ours)]
            if command == "GETKEYSANDFLAGS" and isinstance(replies[0], list):
                replies = [[[key, sorted(flags)] for key, flags in reply] for reply in replies]
            assert replies[0] == replies[1], (command, words)
