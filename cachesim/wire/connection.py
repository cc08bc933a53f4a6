"""One client's socket at a server."""

import asyncio
from collections.abc import Callable
from typing import Any, Protocol

from cachesim.wire.addresses import shown
from cachesim.wire.memcached_conversation import MemcachedConversation
from cachesim.wire.redis_conversation import RedisConversation

MOST_UNSENT = 1 << 20  # bytes of replies that a client may leave unread; then it is not read either
MOST_FOR_A_REPLICA = (
    256 << 20
)  # bytes: that may wait for a replica, as in client-output-buffer-limit


class Conversation(Protocol):
    """One client's conversation, in either protocol."""

    pending: bool
    give: Callable[[bytes], None]  # sends what the client did not ask for now

    @property
    def over(self) -> bool:
        """Whether the connection is to be closed."""

    def receive(self, data: bytes) -> bytes:
        """Take bytes and return the replies to the requests that they complete."""


class Connection(asyncio.Protocol):
    """One client's socket: bytes go into its conversation, replies go back as the client reads."""

    transport: asyncio.Transport
    conversation: Conversation

    def __init__(self, server: Any) -> None:
        self.server = server
        self.is_full = False  # the client left too many replies unread
        self.is_behind = False  # commands that have come wait for their turn
        self.largest = 0  # bytes of the largest piece that was given

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin the conversation."""
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        transport.set_write_buffer_limits(high=MOST_UNSENT)
        if refusal := self.server.refusal():
            transport.write(refusal)
            transport.close()
            return
        peer, here = (shown(transport.get_extra_info(n)) for n in ("peername", "sockname"))
        self.conversation = self.server.conversation(peer or f"{here}:0", here)
        self.conversation.give = self.give
        if isinstance(self.conversation, MemcachedConversation | RedisConversation):
            self.conversation.unsent = transport.get_write_buffer_size
        self.server.connections.add(self)

    def data_received(self, data: bytes) -> None:
        """Answer the requests that are complete."""
        client = self.conversation
        reply = client.receive(data)
        if reply:
            self.transport.write(reply)
        if client.over:
            self.transport.close()
        elif client.pending and not self.is_full:
            self.server.loop.call_soon(self.data_received, b"")
        if client.pending != self.is_behind:
            self._read_on(client.pending)
        self.server.spread()
        self.server.weigh(client)
        if self.server.clients.has_news:
            self.server.look()

    def _read_on(self, is_behind: bool) -> None:
        """Read no more from a client while commands of it wait; else they would fill the memory."""
        self.is_behind = is_behind
        if is_behind:
            self.transport.pause_reading()
        elif not self.is_full and not self.transport.is_closing():
            self.transport.resume_reading()

    def give(self, data: bytes) -> None:
        """Send what the client did not ask for now: a replica's stream, a late reply, a message."""
        self.transport.write(data)
        self.server.weigh(self.conversation)
        self.largest = max(self.largest, len(data))  # the copy of all keys may be as large as it is
        if self.transport.get_write_buffer_size() > self.largest + MOST_FOR_A_REPLICA:
            self.transport.abort()
        elif self.conversation.pending:
            self.server.loop.call_soon(self.data_received, b"")

    def pause_writing(self) -> None:
        """Stop reading from a client that does not read its replies."""
        self.is_full = True
        self.transport.pause_reading()

    def resume_writing(self) -> None:
        """Read from the client again."""
        self.is_full = False
        if not self.transport.is_closing():
            if not self.is_behind:
                self.transport.resume_reading()
            if self.conversation.pending:
                self.data_received(b"")

    def connection_lost(self, error: Exception | None) -> None:
        """Forget the client."""
        if self not in self.server.connections:
            return  # the server was full
        self.server.connections.discard(self)
        if isinstance(self.conversation, RedisConversation):
            self.server.clients.leave(self.conversation)
        elif isinstance(self.conversation, MemcachedConversation):
            self.conversation.leave()
