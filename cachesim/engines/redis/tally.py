"""What the server counts about commands: INFO's commandstats and errorstats, CONFIG RESETSTAT."""

from collections import Counter


class Tally:
    """Counts since the start, or since they were reset."""

    def __init__(self) -> None:
        self.calls: Counter[str] = Counter()  # by command, "OBJECT|FREQ" for a subcommand
        self.rejected: Counter[str] = Counter()  # not run: a wrong number of arguments, no memory
        self.failed: Counter[str] = Counter()  # run, and answered with an error
        self.errors: Counter[str] = Counter()  # by the error's first word
        self.before: Counter[str] = Counter()  # what the engine's own counters were at the reset

    @property
    def commands(self) -> int:
        """Return how many commands were run."""
        return self.calls.total()

    def note_error(self, error: str) -> None:
        """Count an error reply (redis 7: networking.c, afterErrorReply)."""
        self.errors[error.split(" ", 1)[0]] += 1

    def reset(self, counters: dict[str, int]) -> None:
        """Begin anew; `counters` go on in the engine, and are shown from here on from 0."""
        for count in (self.calls, self.rejected, self.failed, self.errors):
            count.clear()
        self.before = Counter(counters)
