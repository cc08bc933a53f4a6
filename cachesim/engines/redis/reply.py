"""The kinds of reply that a command may have, beside those of Python."""


class Pairs(list):
    """A reply of pairs [[name, value], ...], which RESP2 sends as one flat list."""


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
