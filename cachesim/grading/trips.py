"""Trips to a Redis that a student's function asks for: it gives commands, and is called again with the replies."""

from collections.abc import Sequence
from typing import Any

from cachesim.engines.redis.engine import RedisEngine
from cachesim.errors import CachesimError


class Visitor:
    """One caller of the student's function, which answers a list of commands, or True or False at the end.

    A subclass has the function's `name`, and calls it in `asked`.
    """

    name = ""
    most = 20  # trips

    def __init__(self, redis: RedisEngine) -> None:
        self.redis = redis
        self.replies: list[Any] = []  # of each trip
        self.verdict: bool | None = None

    def asked(self) -> Any:
        """Call the function with all replies so far."""
        raise NotImplementedError

    def trip(self) -> None:
        """Make one more trip, if there is no verdict yet. Raises AssertionError."""
        if self.verdict is None:
            given = self.asked()
            if type(given) is bool:
                self.verdict = given
            else:
                self.replies.append(self.sent(given))

    def sent(self, given: Any) -> Any:
        """Send the commands of a trip; return their replies. Raises AssertionError."""
        return [readable(reply_of(self.redis, words)) for words in commands(self.name, given)]

    def end(self) -> bool:
        """Make all other trips; return the verdict. Raises AssertionError."""
        while self.verdict is None:
            assert len(self.replies) < self.most, f"no verdict after {self.most} trips"
            self.trip()
        return self.verdict


def commands(name: str, given: Any) -> list[tuple[Any, ...]]:
    """Return the commands of a trip. Raises AssertionError if they are none.

    >>> commands("allow", [["INCR", "visits"]])
    [('INCR', 'visits')]
    """
    shown = f"{name}() returned {given!r:.80}"
    is_trip = isinstance(given, list) and len(given) > 0
    assert is_trip, f"{shown}; right: a list of commands, True or False"
    assert all(isinstance(words, list) and words for words in given), (
        f'{shown}; each command is a list, such as ["GET", "a"]'
    )
    assert all(type(part) in (str, int, float) for words in given for part in words), (
        f"{shown}; each part of a command must be a text or a number"
    )
    return [tuple(words) for words in given]


def reply_of(redis: RedisEngine, words: Sequence[Any]) -> Any:
    """Return the reply to a command. Raises AssertionError with Redis's own words if it is refused."""
    try:
        return redis.execute(tuple(words))
    except CachesimError as error:
        raise AssertionError(f"{' '.join(map(str, words)):.80} was answered: {error}") from None


def readable(reply: Any) -> Any:
    """Return a reply with texts in place of bytes.

    >>> readable([b"a", 1, None])
    ['a', 1, None]
    """
    if isinstance(reply, list | tuple):
        return [readable(part) for part in reply]
    return reply.decode() if isinstance(reply, bytes) else reply
