"""A trace that is read chunk by chunk: a file or a pipe of any length, in memory bounded by its keys."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator

from cachesim.traces.chunks import Chunk, batches_of_keys, numbered
from cachesim.traces.trace import Trace


class Stream(Iterator[Chunk]):
    """The chunks of a trace, each read when it is asked for.

    Parameters
    ----------
    name : str
        The file's name, for messages.
    chunks : iterator of Chunk
        The requests.
    notes : callable
        Gives the notes so far.
    """

    def __init__(
        self, name: str, chunks: Iterator[Chunk], notes: Callable[[], list[str]] = list
    ) -> None:
        self.name = name
        self._chunks, self._notes = chunks, notes
        self._ahead: deque[Chunk] = deque()  # chunks that `fits` has read

    @classmethod
    def of_keys(cls, keys: Iterable[str], name: str = "keys") -> "Stream":
        """Make a stream of plain reads."""
        return cls(name, numbered(batches_of_keys(keys)))

    @property
    def notes(self) -> list[str]:
        """Sentences for the reader: columns not used, requests ignored. Complete after the last chunk."""
        return self._notes()

    def __next__(self) -> Chunk:
        """Read the next chunk."""
        return self._ahead.popleft() if self._ahead else next(self._chunks)

    def fits(self, most: int) -> Trace | None:
        """Read ahead: the whole trace if it has at most `most` requests, else None.

        After None the stream still gives every chunk.

        >>> Stream.of_keys("abcab").fits(5), Stream.of_keys("abcab").fits(4)
        (Trace(keys: 5 requests, 3 keys), None)
        """
        requests = sum(len(chunk.codes) for chunk in self._ahead)
        while requests <= most:
            if (chunk := next(self._chunks, None)) is None:
                return self.whole()
            self._ahead.append(chunk)
            requests += len(chunk.codes)
        return None

    def whole(self) -> Trace:
        """Read all of it into memory.

        Raises
        ------
        BadInput
            It has more than LONGEST requests (chunks.py).
        """
        trace = Trace.of_chunks(self, self.name)
        trace.notes = self.notes
        return trace
