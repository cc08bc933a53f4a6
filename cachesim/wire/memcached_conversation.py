"""One memcached client's connection: the first byte says which protocol it speaks."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from cachesim.engines.memcached.binary import REQUEST
from cachesim.engines.memcached.protocol import one_line
from cachesim.wire.memcached_binary import BinaryTalk
from cachesim.wire.memcached_clients import MemcachedClients
from cachesim.wire.memcached_login import SaslLogin, TextLogin
from cachesim.wire.memcached_stream import Incoming, Talk
from cachesim.wire.memcached_text import TextTalk
from cachesim.wire.turns import ENOUGH, TURN

if TYPE_CHECKING:
    from cachesim.engines.memcached.engine import MemcachedEngine


class MemcachedConversation:
    r"""One client's connection to an engine. Bytes come in, bytes go out.

    >>> from cachesim.engines.memcached.engine import Memcached
    >>> client = MemcachedConversation(Memcached().build(clock=lambda: 0.0, random=lambda: 0.5))
    >>> client.receive(b"set a 0 0 3\r\nab"), client.receive(b"c\r\nget a\r\nquit\r\n"), client.over
    (b'', b'STORED\r\nVALUE a 0 3\r\nabc\r\nEND\r\n', True)

    References
    ----------
    memcached 1.6: memcached.c, drive_machine, try_read_command_negotiate.
    """

    def __init__(
        self,
        engine: "MemcachedEngine",
        clients: MemcachedClients | None = None,
        number: int = 0,
        peer: str = "",
        here: str = "",
    ) -> None:
        self.engine = engine
        self.clients = clients or MemcachedClients(engine)
        self.number = number
        self.peer, self.here = peer, here
        self.last = engine.now  # the server's seconds: when the last request came
        self.state = "conn_waiting"
        self.pending = False  # more requests may be complete: receive(b"") goes on with them
        self.watched: frozenset[str] = frozenset()  # the kinds of lines it gets; it says no more
        self.skipped = 0  # lines that did not fit into its buffer
        self.give: Callable[[bytes], None] = lambda data: None  # sends unasked; the server sets it
        self.unsent: Callable[[], int] = int  # bytes that wait to be sent; the server sets it
        self.stream = Incoming()
        self._talk: Talk | None = self._first_talk()

    @property
    def over(self) -> bool:
        """Whether the connection is to be closed."""
        return self.stream.over

    def _first_talk(self) -> Talk | None:
        """Return how to read the first bytes; None: they tell it."""
        clients, host = self.clients, self.engine.host
        if clients.sasl is not None:
            return BinaryTalk(self.stream, self.engine, SaslLogin(clients.sasl, host))
        if clients.passwords is not None:
            return TextLogin(self.stream, clients.passwords, host, self._speak_text)
        return None

    def _speak_text(self) -> None:
        self._talk = TextTalk(self.stream, self)

    def receive(self, data: bytes) -> bytes:
        """Take a piece of the stream and return the replies to the requests that it completes."""
        stream, host = self.stream, self.engine.host
        host.bytes_read += len(data)
        if stream.over or self.watched:
            return b""
        stream.buffer += data
        if self._talk is None:
            if not data:
                return b""
            self._talk = self._negotiated(data[0])
        self.engine.client = self.number
        replies = self._replies()
        if stream.dropped:  # replies that were not sent yet are lost with the connection
            return b""
        if stream.at:
            self._talk.forgotten(stream.at)
            stream.forget()
        host.bytes_written += len(replies)
        return replies

    def _negotiated(self, first: int) -> Talk:
        if first == REQUEST:
            return BinaryTalk(self.stream, self.engine)
        return TextTalk(self.stream, self)

    def _replies(self) -> bytes:
        """Answer what is complete, but no more than one turn's worth."""
        replies: list[bytes] = []
        size, stream = 0, self.stream
        stream.answered, self.pending = 0, False
        self.last, self.state = self.engine.now, "conn_parse_cmd"
        while not stream.over and not self.watched:
            assert self._talk is not None
            reply = self._talk.next_reply()
            if reply is None:
                break
            replies.append(reply)
            stream.answered += 1
            size += len(reply)
            if size > ENOUGH or len(replies) == TURN:
                self.pending = True
                break
        self.state = "conn_nread" if self._talk and self._talk.waits else "conn_waiting"
        return b"".join(replies)

    def alone(self, words: list[bytes]) -> bytes | None:
        """Answer a command that must come alone; None: the engine answers it."""
        is_dump = words[:2] == [b"lru_crawler", b"metadump"] and len(words) == 3
        if words[0] == b"watch":
            if self.stream.answered:
                return one_line("ERROR cannot pipeline other commands before watch")
            return one_line(self.clients.watch(self, words[1:]))
        if is_dump and self.stream.answered and self.engine.crawler.enabled:
            return one_line("ERROR cannot pipeline other commands before metadump")
        return None

    def leave(self) -> None:
        """Hear that the client is gone."""
        self.clients.leave(self)
