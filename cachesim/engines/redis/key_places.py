"""Where the keys of a command stand among its arguments."""

from typing import NamedTuple

from cachesim.engines.redis.arguments import Arguments
from cachesim.engines.redis.memory import as_integer


class Positions(NamedTuple):
    """Where some of the arguments stand: the first, the last (below 0: from the end), the step."""

    first: int  # 0: nowhere
    last: int
    step: int

    def of(self, argv: Arguments) -> Arguments:
        """Return the arguments that stand there."""
        if not self.first:
            return []
        end = self.last + 1 + len(argv) * (self.last < 0)
        return argv[self.first : end : self.step]


class CountedKeys(NamedTuple):
    """Where the keys stand whose number is an argument: "numkeys key [key ...]"."""

    at: int  # of the number
    first: int = 0  # where a key stands that is not counted; 0: nowhere

    @property
    def last(self) -> int:
        """The same: COMMAND INFO shows only the key that is not counted."""
        return self.first

    @property
    def step(self) -> int:
        """Likewise."""
        return int(self.first > 0)

    def of(self, argv: Arguments) -> Arguments:
        """Return the keys; none if there are not as many as the number says."""
        # redis 7: db.c, getKeysUsingKeySpecs
        number = as_integer(argv[self.at]) if self.at < len(argv) else None
        begins = self.at + 1
        if number is None or not 0 < number <= len(argv) - begins:
            return []
        return [*argv[self.first : self.first + self.step], *argv[begins : begins + number]]


class KeysAfter(NamedTuple):
    """Where the keys stand behind a word: the first half of all that follows it."""

    word: bytes
    skips: tuple[tuple[bytes, int], ...]  # what may stand before it, with its arguments
    first: int = 0  # COMMAND INFO shows no place
    last: int = 0
    step: int = 0

    def of(self, argv: Arguments) -> Arguments:
        """Return the keys; none if the word is not there, or if they have no ids one to one."""
        # redis 7: db.c, xreadGetKeys
        skips, at = dict(self.skips), 1
        while at < len(argv) and argv[at].upper() in skips:
            at += 1 + skips[argv[at].upper()]
        behind = argv[at + 1 :] if argv[at : at + 1] and argv[at].upper() == self.word else []
        return [] if len(behind) % 2 else behind[: len(behind) // 2]


class StoredKeys(NamedTuple):
    """The first argument, and what follows the last of some options: "key ... [STORE destination]"."""

    options: tuple[bytes, ...]
    begin: int  # where the options begin
    skips: tuple[tuple[bytes, int], ...]  # an option and its arguments, which are none
    first: int = 1
    last: int = 1
    step: int = 1

    def of(self, argv: Arguments) -> Arguments:
        """Return the key, and the one that is stored to."""
        # redis 7: db.c, sortGetKeys and georadiusGetKeys
        skips, at, target = dict(self.skips), self.begin, argv[:0]
        while at < len(argv):
            word = argv[at].upper()
            if word in self.options and at + 1 < len(argv):
                target = [argv[at + 1]]
            at += 1 + skips.get(word, 0)
        return [*argv[1:2], *target]


Keys = Positions | CountedKeys | KeysAfter | StoredKeys
NOWHERE = Positions(0, 0, 0)
