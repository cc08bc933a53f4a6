"""The kinds of reply that a command may have, beside those of Python."""

from typing import Any


class Pairs(list):
    """A reply of pairs [[name, value], ...], which RESP2 sends as one flat list."""


class ByKey(dict):
    """A reply by keys, which RESP2 sends as a list of pairs [key, value]; a key may come twice there."""

    def __init__(self, pairs: list[list[Any]]) -> None:
        super().__init__(pairs)
        self.pairs = pairs


class Nested(list):
    """A reply that may have NULL_ARRAY within."""


class Members(list):
    """A reply of members without an order: RESP3 marks it as a set."""


class SeveralReplies(list):
    """Several replies to one command, one after the other."""


class Pushed(list):
    """A message that the client did not ask for now: RESP3 marks it, RESP2 sends it as a list."""


class Verbatim(bytes):
    """A reply in lines for people to read (INFO). It is bytes, but RESP3 marks it as text."""

    format = b"txt"  # a script may name another one


class BigNumber(bytes):
    """The digits of an integer of any size: RESP3 marks it as a number."""


class Digits(float):
    """A float that is shown with up to 17 digits behind the point (GEOPOS)."""


class NullArray:
    """The reply of a command that would reply with a list, and has none: RESP2 marks it apart."""

    def __bool__(self) -> bool:
        """Say no, as None does."""
        return False


NULL_ARRAY = NullArray()
Reply = bytes | int | float | str | bool | list | dict | set | NullArray | None  # a str is a status


def is_nothing(reply: Reply) -> bool:
    """Whether a command found nothing."""
    return reply is None or reply is NULL_ARRAY


def plain(reply: Any) -> Any:
    """Return a reply with None in the place of each NULL_ARRAY.

    >>> plain(Nested([1, NULL_ARRAY]))
    [1, None]
    """
    if reply is NULL_ARRAY:
        return None
    if isinstance(reply, dict):
        return {key: plain(value) for key, value in reply.items()}
    return [plain(part) for part in reply] if isinstance(reply, list) else reply
