"""Messages in the model: what `app.cache.subscribe` gives. Nobody keeps a message for a subscriber who is away."""

from collections import deque

import simpy

from cachesim.errors import BadInput, ConnectionLost
from cachesim.model.cache import CacheTier
from cachesim.model.events import Visit, Waitable
from cachesim.units import MIB

# client-output-buffer-limit pubsub 32mb 8mb 60: what redis-server 7.0.15 has by default
HARD = (
    32 * MIB
)  # bytes that wait for a subscriber; with more the server closes the connection at once
SOFT, PATIENCE = 8 * MIB, 60.0  # bytes, and the seconds for which there may be as many
Message = tuple[str, bytes]  # its channel, and its text


class Subscription:
    """A subscriber's connection to one cache: messages come in their order, until somebody closes it.

    Messages that the subscriber has not taken wait in the server's output buffer. If there are too many, the server
    closes the connection and throws them away. `lost` counts those, and the messages that were sent while the link
    was cut. Messages that are published after the end of the connection are not seen by anybody here.

    SIMPLIFIED: the kernel buffers nothing. While a link is cut the connection counts as broken, and the client
    library subscribes again in the moment in which it is back. A message takes half of a round trip.

    References
    ----------
    Redis documentation, "Redis Pub/Sub": at-most-once delivery; redis.conf 7.0, client-output-buffer-limit.
    """

    def __init__(self, tier: CacheTier, user: int, channels: tuple[str, ...]) -> None:
        self._tier, self._user, self._channels = tier, user, channels
        self._inbox: deque[Message] = deque()  # arrived, and not taken
        self._bytes = 0  # that wait in the server's output buffer
        self._much_since: float | None = None  # seconds: since when they are SOFT or more
        self._last = 0.0  # seconds: when the last message arrives
        self._waiting: Waitable | None = None  # the event of the subscriber who waits
        self.is_open = False
        self.lost = 0  # messages that were sent here and never arrived

    def open(self) -> None:
        """Listen to the channels; the server does this when SUBSCRIBE takes effect."""
        heard = getattr(self._tier.engine, "channels", None)
        if heard is None:
            raise BadInput(
                "app.cache.subscribe needs the embedded Redis: the cache "
                f"{type(self._tier.engine).__name__} has no channels; give cache=cs.Redis()"
            )
        self.is_open = True
        for channel in self._channels:
            heard.join(self, channel.encode())

    def close(self) -> None:
        """Listen no more; messages that have not arrived are lost. The one who waits gets ConnectionLost."""
        self.is_open = False
        for channel in self._channels:
            self._tier.engine.channels.leave(self, channel.encode())  # type: ignore[attr-defined]
        if self._waiting is not None:
            waiting, self._waiting = self._waiting, None
            waiting.fail_quietly(ConnectionLost("the subscription is closed"))

    def message(self) -> simpy.Event:
        """Wait for the next message; the event's value is its channel and its text.

        It fails with ConnectionLost if the connection is closed and no message is left.
        """
        event = Waitable(self._tier.env)
        if self._inbox:
            event.succeed(self._take())
        elif not self.is_open:
            event.fail_quietly(ConnectionLost("the subscription is closed"))
        else:
            self._waiting = event
        return event

    def hear(self, channel: bytes, message: bytes, pattern: bytes | None) -> None:
        """Send a message to the subscriber; the engine calls this for each PUBLISH."""
        now = self._tier.env._now
        if not self._tier.reaches(self._user):
            self.lost += 1
            return
        self._bytes += wire_size(channel, message)
        if self._is_full(now):
            self._overflow()
            return
        self._last = max(self._last, now + self._tier.leg() / 2)
        came = channel.decode(), message
        Visit().ready(self._tier.env, lambda _: self._arrive(came)).start(self._last - now)

    def _arrive(self, came: Message) -> None:
        if not self.is_open:
            self.lost += 1
            return
        self._inbox.append(came)
        if self._waiting is not None:
            waiting, self._waiting = self._waiting, None
            waiting.succeed(self._take())

    def _take(self) -> Message:
        channel, message = self._inbox.popleft()
        self._bytes -= wire_size(channel.encode(), message)
        if self._bytes < SOFT:
            self._much_since = None
        return channel, message

    def _is_full(self, now: float) -> bool:
        if self._bytes < SOFT:
            return False
        if self._much_since is None:
            self._much_since = now
        return self._bytes >= HARD or now - self._much_since > PATIENCE

    def _overflow(self) -> None:
        self.lost += 1 + len(self._inbox)
        self._inbox.clear()
        self.close()


def wire_size(channel: bytes, message: bytes) -> int:
    r"""Count the bytes of a message as the server sends it (RESP 2).

    >>> wire_size(b"news", b"hello"), len(b"*3\r\n$7\r\nmessage\r\n$4\r\nnews\r\n$5\r\nhello\r\n")
    (38, 38)
    """
    parts = (b"message", channel, message)
    return 4 + sum(len(f"${len(part)}") + 4 + len(part) for part in parts)
