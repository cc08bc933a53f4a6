"""The link from a primary to one replica. It goes through the simulation, so its lag is ours."""

import errno
import math
import socket
from collections import deque
from collections.abc import Callable
from itertools import count

from cachesim.live.clock import SECOND

Lag = Callable[[], float]  # seconds, drawn once for all that was sent in the same instant
MOST = 1 << 20  # bytes that are taken at once
FIRST_PORT = 32_768  # of those that are free to take


def name_of(address: str, port: int) -> str:
    """Give the name of the unix socket that stands for an address of TCP (network.c has the same)."""
    return f"\0cachesim {address}:{port}"


def bound(address: str) -> tuple[socket.socket, int]:
    """Make a socket of the network of fleets, at any free port of an address. Give it and its port."""
    made = socket.socket(socket.AF_UNIX)
    for port in count(FIRST_PORT):
        try:
            made.bind(name_of(address, port))
            return made, port
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise
    raise AssertionError("never reached")


class Way:
    """One direction of a link: what was sent arrives in order, each instant after its own lag."""

    def __init__(self, source: socket.socket, target: socket.socket, lag: Lag) -> None:
        self._source, self._target, self._lag = source, target, lag
        self._under_way: deque[tuple[int, bytes]] = deque()  # (arrival, bytes); b"": the end
        self._last = self._drawn_at = 0  # the last arrival; when its lag was drawn
        self._has_ended = False

    @property
    def due(self) -> float:
        """When the next piece arrives, in nanoseconds of Unix time."""
        return self._under_way[0][0] if self._under_way else math.inf

    def take(self, now: int) -> bool:
        """Take what was sent since the last look. True if there was something."""
        try:
            data = b"" if self._has_ended else self._source.recv(MOST)
        except BlockingIOError:
            return False
        except ConnectionError:
            data = b""
        if self._has_ended:
            return False
        self._has_ended = not data
        if now > self._drawn_at:
            self._drawn_at = now
            self._last = max(self._last, now + int(self._lag() * SECOND))
        self._under_way.append((self._last, data))
        return True

    def forget_lag(self) -> None:
        """Draw another lag, even at the same instant."""
        self._drawn_at = 0

    def deliver(self, now: int) -> bool:
        """Hand over what has arrived. True if there was something."""
        moved = False
        while self._under_way and self._under_way[0][0] <= now:
            arrival, data = self._under_way.popleft()
            sent = self._send(data)
            moved |= sent > 0 or not data
            if sent < len(data):  # the other side does not read: the rest waits
                self._under_way.appendleft((arrival, data[sent:]))
                break
        return moved

    def _send(self, data: bytes) -> int:
        try:
            if data:
                return self._target.send(data)
            self._target.shutdown(socket.SHUT_WR)
        except BlockingIOError:
            return 0
        except OSError:
            pass  # the other side is gone, and the bytes with it
        return len(data)


class Relay:
    """Listens at an address of the fleet and connects to a primary.

    Parameters
    ----------
    address : str
        Where it listens; the port is any that is free.
    target : (str, int)
        Address and port of the primary.
    lag : function
        Seconds from the primary to the replica, drawn once per instant at which it sends.
    back : function
        Seconds from the replica to the primary.
    """

    def __init__(self, address: str, target: tuple[str, int], lag: Lag, back: Lag) -> None:
        self._listener, self.port = bound(address)
        self._listener.listen()
        self._listener.setblocking(False)
        self._address, self._target = address, target
        self.lag, self.back = lag, back
        self.is_cut = False
        self._ends: list[socket.socket] = []
        self._ways: list[Way] = []

    def set_lag(self, lag: Lag, back: Lag) -> None:
        """Give the link other lags from now on."""
        self.lag, self.back = lag, back
        for way in self._ways:
            way.forget_lag()

    @property
    def due(self) -> float:
        """When the next piece arrives, in nanoseconds of Unix time; inf while the link is cut."""
        return math.inf if self.is_cut else min((way.due for way in self._ways), default=math.inf)

    def step(self, now: int) -> bool:
        """Take what was sent, hand over what has arrived. True if there was something."""
        if self.is_cut:
            return False
        moved = self._accept()
        for way in self._ways:
            moved |= way.take(now)
            moved |= way.deliver(now)
        return moved

    def _accept(self) -> bool:
        try:
            replica, _ = self._listener.accept()
        except BlockingIOError:
            return False
        self._close_ends()
        primary, _ = bound(self._address)
        self._ends = [replica, primary]
        try:
            primary.connect(name_of(*self._target))
        except OSError:  # a primary that is gone refuses
            self._close_ends()
            return True
        for end in self._ends:
            end.setblocking(False)
        self._ways = [
            Way(primary, replica, lambda: self.lag()),
            Way(replica, primary, lambda: self.back()),
        ]
        return True

    def cut(self) -> None:
        """Let nothing through until `heal`. The connection stays, as in a partition."""
        self.is_cut = True

    def break_off(self) -> None:
        """Close the connection, and let no new one through until `heal`."""
        self._close_ends()
        self.is_cut = True

    def heal(self) -> None:
        """Let everything through: what was under way arrives now."""
        self.is_cut = False

    def _close_ends(self) -> None:
        for end in self._ends:
            end.close()
        self._ends, self._ways = [], []

    def close(self) -> None:
        """Close the connection and the listener."""
        self._close_ends()
        self._listener.close()
