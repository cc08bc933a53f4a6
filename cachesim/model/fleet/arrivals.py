"""When the entries of a log arrive at a replica: each after a lag of its own, and in their order.

This file belongs to the hot path: where speed counts (it was measured), the code is written for speed.
"""

import math
from collections import deque
from collections.abc import Callable, Iterator

from cachesim.engines.redis.replication_log import Held, ReplicationLog

Depart = Callable[[float, float], float]  # arrival and seconds of work -> when it is done


class Arrivals:
    """The link of a replica: what has arrived, and when the rest will. `LazyReplica` is one.

    Entry i arrives at max(arrival of i - 1, its time + lag). Entries of the same instant have one draw.
    """

    log: ReplicationLog
    lag: Iterator[float]  # seconds, without end
    depart: Depart  # books work on the replica's station
    seconds: Callable[[Held], float]  # the work of an entry
    received: int  # bytes: the offset before the entry that arrives next
    _next: int  # the number of that entry
    _last: float  # when the last entry arrived
    _due: float  # when the next one arrives; -inf: not known
    _healed: float  # seconds: nothing arrives over the link that was written before
    _drawn_for: float  # the time of the entries of the last draw
    _drawn: float  # that draw
    _lags: deque[float]  # drawn for the entries that come next
    _waiting: deque[tuple[float, Held]]  # arrived: when done, and what

    def _receive(self, now: float) -> None:
        """Give every entry that has arrived by now its place on the station."""
        self._due, first = -math.inf, self._next - self.log.first
        arrivals = self._arrivals(first, now)
        entries = self.log.held[first : first + len(arrivals)]
        if entries:
            depart, seconds = self.depart, self.seconds
            done = [depart(at, seconds(entry)) for at, entry in zip(arrivals, entries, strict=True)]
            self._waiting.extend(zip(done, entries, strict=True))
            self.received, self._next = entries[-1][1], self._next + len(entries)

    def _arrivals(self, first: int, now: float) -> list[float]:
        """Return when each of the next entries arrived, as far as they have arrived by now."""
        # _draw and _arrival, written out: this runs for every entry
        held, lags, last, healed = self.log.held, self._lags, self._last, self._healed
        drawn_for, drawn, same, arrivals = self._drawn_for, self._drawn, None, []
        for at in range(first, len(held)):
            time = held[at][0]
            if lags or time != same:  # else it arrives together with the entry before
                if not lags and time != drawn_for:
                    drawn_for, drawn = time, next(self.lag)
                lag = lags.popleft() if lags else drawn
                arrival = max(last, (time if time > healed else healed) + lag)
                if arrival > now:
                    lags.appendleft(lag)
                    self._due = arrival
                    break
                same, last = time, arrival
            arrivals.append(last)
        self._drawn_for, self._drawn, self._last = drawn_for, drawn, last
        return arrivals

    def _draw(self, entry: Held) -> float:
        if entry[0] != self._drawn_for:
            self._drawn_for, self._drawn = entry[0], next(self.lag)
        return self._drawn

    def _arrival(self, entry: Held, lag: float, last: float) -> float:
        return max(last, max(entry[0], self._healed) + lag)

    def _arrives(self, offset: int) -> float:
        """Return when the entry that ends at `offset` will have arrived and been executed."""
        last = done = self._last
        entries = self.log.held
        for place, at in enumerate(range(self._next - self.log.first, len(entries))):
            if place == len(self._lags):
                self._lags.append(self._draw(entries[at]))
            last = self._arrival(entries[at], self._lags[place], last)
            done = max(done, last) + self.seconds(entries[at])
            if entries[at][1] >= offset:
                return done
        return math.inf
