"""The random numbers of a script: math.random gives the same series for the same seed everywhere."""

FACTOR, STEP, LOW = 0x5DEECE66D, 0xB, 0x330E
LARGEST = (1 << 31) - 1


class Rand48:
    """The generator of drand48 (redis 7: rand.c).

    >>> generator = Rand48()
    >>> generator.seed(10)
    >>> round(generator.fraction(), 9)
    0.878851123
    """

    def __init__(self) -> None:
        self._state = 0x1234ABCD330E

    def seed(self, number: float) -> None:
        """Begin the series of that seed."""
        self._state = (int(number) & 0xFFFFFFFF) << 16 | LOW

    def fraction(self) -> float:
        """Return the next number, in [0, 1)."""
        self._state = (self._state * FACTOR + STEP) & ((1 << 48) - 1)
        return (self._state >> 17) % LARGEST / LARGEST
