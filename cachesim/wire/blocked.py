"""Clients whose reply comes later: they wait for keys, for replicas or for the end of a pause."""

import math
from typing import Any, NamedTuple

from cachesim.engines.redis.arguments import Arguments, text
from cachesim.engines.redis.blocked import Place, Waiter
from cachesim.engines.redis.command import KeyBlock, RedisCommand, find
from cachesim.engines.redis.database import KeyEntry
from cachesim.engines.redis.functions import flags_of
from cachesim.engines.redis.reply import Reply, is_nothing
from cachesim.engines.redis.scripting import RUNS_SCRIPTS
from cachesim.errors import CommandError, OutOfMemory

UNBLOCKED = "UNBLOCKED client unblocked via CLIENT UNBLOCK"


class Pause(NamedTuple):
    """A CLIENT PAUSE: until when, in seconds on the engine's clock, and what it holds back."""

    until: float
    only_writes: bool


class Blocked:
    """Why a client has no reply yet. `until` is when it stops waiting, on the engine's clock."""

    until = math.inf

    def __init__(self, client: Any) -> None:
        self.client = client

    def time_out(self) -> None:
        """Give the reply of a client that has waited long enough."""
        raise NotImplementedError

    def forget(self) -> None:
        """Wait no more, and give no reply."""

    def unblock(self, with_error: bool) -> bool:
        """Do what CLIENT UNBLOCK asks. True if this client can be unblocked."""
        if with_error:
            self.forget()
            self.client.late(CommandError(UNBLOCKED))
        else:
            self.time_out()
        return True


class Postponed(Blocked):
    """A pause holds back the client's command."""

    def __init__(self, client: Any, argv: Arguments) -> None:
        super().__init__(client)
        self.argv = argv

    def unblock(self, with_error: bool) -> bool:
        """Refuse: only the end of the pause can do it."""
        return False


class WaitsForKeys(Blocked):
    """The client's command has found nothing yet."""

    def __init__(self, client: Any, row: RedisCommand, block: KeyBlock, nothing: Reply) -> None:
        super().__init__(client)
        engine = client.engine
        self.row, self.block, self.nothing = row, block, nothing
        self.until = engine.clock() + block.seconds if block.seconds else math.inf
        engine.tally.calls[row.name] -= 1  # it counts when it is over
        places = dict.fromkeys((client.database, key) for key in block.keys)
        self.waiter = Waiter(list(places), self.attempt)
        engine.blocked.add(self.waiter)

    def attempt(self, place: Place) -> bool:
        """Run the command again for a key that is there; give its reply if there is one."""
        database, key = place
        engine, selected = self.client.engine, self.client.engine.selected
        engine.select(database)
        reply: Any = None
        try:
            if self.can_use(engine.find(key)):
                reply = engine.call(self.block.row or self.row, self.block.again(key))
                engine.tally.calls[self.row.name] -= is_nothing(reply)
            elif self.block.gone:
                raise CommandError(self.block.gone)
        except (CommandError, OutOfMemory) as error:
            reply = CommandError(str(error))
        finally:
            engine.select(selected)
        if not is_nothing(reply):
            self.client.late(reply)
        return not is_nothing(reply)

    def can_use(self, entry: KeyEntry | None) -> bool:
        """Whether a key holds what the command wants."""
        return entry is not None and isinstance(entry.value, self.block.kind)

    def time_out(self) -> None:
        """Reply that there was nothing."""
        self.client.engine.tally.calls[self.row.name] += 1
        self.forget()
        self.client.late(self.nothing)

    def forget(self) -> None:
        """Wait for the keys no more."""
        self.client.engine.blocked.remove(self.waiter)


def wait_for_keys(client: Any, row: RedisCommand, argv: Arguments, nothing: Reply) -> None:
    """Let a client wait whose command has found nothing, if the command waits."""
    block = row.blocks(client.engine, *row.read(argv)) if row.blocks is not None else None
    if block is not None:
        client.block(WaitsForKeys(client, row, block, nothing))


def may_write(client: Any, argv: Arguments) -> bool:
    """Whether a command may change something or send something to the replicas."""
    name = text(argv[0]).upper()
    try:
        row = find(client.known, argv)
    except CommandError:
        return False
    if not row.takes(argv):
        return False
    if name == "EXEC" and client.queue is not None:
        return any(may_write(client, each) for _, each in client.queue.commands)
    if name in RUNS_SCRIPTS:
        flags = flags_of(client.engine, name, argv)
        if flags is not None:
            return "no-writes" not in flags
    return not {"write", "may_replicate"}.isdisjoint(row.flags.split())
