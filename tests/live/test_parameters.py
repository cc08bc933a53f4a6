"""The list of parameters against a redis-server's."""

import pytest

from cachesim.clock import ManualClock
from cachesim.engines.redis.engine import Redis
from cachesim.engines.redis.parameters import parameters
from cachesim.errors import CommandError
from cachesim.rng import uniform

# A server on simulated time is started with values of its own for these; `dir` is where it was started.
STARTED = {"port", "unixsocket", "unixsocketperm", "dir", "save", "hz", "dynamic-hz", "maxmemory"}
STARTED |= {"maxmemory-policy", "jemalloc-bg-thread", "latency-tracking", "protected-mode"}
# A text means more to these than the type in the list says.
MEANT = {
    "activedefrag",
    "tls-cluster",
    "tls-replication",
    "watchdog-period",
    "appendonly",
    "maxmemory-clients",
    "maxclients",
    "bind",
    "port",
    "tls-port",
    "proc-title-template",
    "cluster-announce-hostname",
}
VALUES = ("", "x", "-1", "-2", "1", "2147483648", "18446744073709551616", "1kb", "101%", "1 x 2")
VALUES += ("yes", "MAYBE", "no", "save nosave", "normal 1 2", "foo 1 2 3", "normal x 2 3")


@pytest.fixture
def engine():
    return Redis().build(ManualClock(), uniform(1, "parameters"))


def run(engine, *command):
    try:
        return engine.execute(command)
    except CommandError as error:
        return f"-{error}"


def test_the_list_has_every_parameter_of_a_server_with_its_default(redis):
    """CONFIG GET * gives the same 192 names; defaults are the same, but for those of the start."""
    theirs = {
        name.decode(): value.decode()
        for name, value in redis.execute(("CONFIG", "GET", "*")).items()
    }
    ours = {name: row.default for name, row in parameters().items() if not row.is_hidden}

    assert 192 == len(theirs)
    assert theirs.keys() == ours.keys()
    assert {} == {
        name: (value, ours[name])
        for name, value in theirs.items()
        if value != ours[name] and name not in STARTED
    }


def test_a_wrong_value_gets_the_error_of_a_server(redis, engine):
    """For each parameter, every value that the server refuses is refused with its sentence."""
    different = {}
    for name, row in parameters().items():
        before = redis.execute(("CONFIG", "GET", name))
        for value in VALUES if name not in MEANT else ():
            theirs = run(redis, "CONFIG", "SET", name, value)
            ours = run(engine, "CONFIG", "SET", name, value)
            if theirs != "OK":
                different |= {} if theirs == ours else {(name, value): (theirs, ours)}
            elif row.change == "any time":
                run(redis, "CONFIG", "SET", name, before[name.encode()])

    assert {} == different


def test_what_works_is_taken_and_shown_as_by_a_server(redis, engine):
    """For each parameter that works or has no effect, every value is shown in the server's form."""
    different = {}
    for name, row in parameters().items():
        if name in MEANT | STARTED or row.effect not in ("works", "no effect"):
            continue
        before = redis.execute(("CONFIG", "GET", name))
        for value in VALUES:
            if "OK" == run(redis, "CONFIG", "SET", name, value):
                taken = run(engine, "CONFIG", "SET", name, value)
                pair = [run(each, "CONFIG", "GET", name) for each in (redis, engine)]
                different |= {} if pair[0] == pair[1] else {(name, value): (taken, pair)}
                run(redis, "CONFIG", "SET", name, before[name.encode()])

    assert {} == different
