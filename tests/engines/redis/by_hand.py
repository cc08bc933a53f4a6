"""Commands by hand: a line in, the reply or the error out."""

from cachesim.clock import ManualClock
from cachesim.engines.redis.engine import Redis
from cachesim.errors import CommandError
from cachesim.rng import uniform

WRONG = "-WRONGTYPE Operation against a key holding the wrong kind of value"


def build():
    """Return an engine."""
    return Redis().build(ManualClock(), uniform(1, "by hand"))


def run(engine, line):
    """Run a command; return its reply, or its error as a text."""
    try:
        return engine.execute(tuple(line.split()))
    except CommandError as error:
        return f"-{error}"
