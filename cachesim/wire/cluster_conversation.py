"""A client's connection to a node of a cluster: what the node does not serve, it redirects."""

from functools import partial

from cachesim.engines.redis.arguments import Arguments
from cachesim.engines.redis.command import RedisCommand, find
from cachesim.engines.redis.engine import RedisEngine
from cachesim.errors import CommandError
from cachesim.wire.clients import Clients
from cachesim.wire.cluster import ClusterNode, route, route_in_script, stay_in_database
from cachesim.wire.redis_conversation import RedisConversation


class ClusterConversation(RedisConversation):
    """One client's connection to one node."""

    engine: RedisEngine
    node: ClusterNode
    mode = b"cluster"

    def __init__(self, clients: "ClusterClients", number: int, peer: str, here: str) -> None:
        super().__init__(clients, number, peer, here)
        self.node = clients.node
        self.role = b"replica" if self.node.primary else b"master"

    def admit(self, argv: Arguments) -> RedisCommand:
        """Return the row of a command, or raise the CommandError that names the right node."""
        if argv[0].upper() not in self.own_names:
            self._route(argv)
        return super().admit(argv)

    def _route(self, argv: Arguments) -> None:
        """Redirect before memory is looked at, and count that as the server does."""
        # redis 7: server.c, processCommand
        engine = self.engine
        try:
            row = find(engine.commands, argv)
        except CommandError:
            return  # the usual way refuses it
        if not row.takes(argv):
            return
        try:
            route(self.node, row, argv, self.reads_copies)
            stay_in_database(row, argv)
        except CommandError as error:
            engine.tally.note_error(str(error))
            engine.tally.rejected[row.name] += 1
            raise


class ClusterClients(Clients):
    """All connections to one node."""

    def __init__(self, engine: RedisEngine, node: ClusterNode) -> None:
        super().__init__(engine)
        self.node = node
        engine.scripts.route = partial(route_in_script, node)

    def conversation(self, peer: str, here: str) -> RedisConversation:
        """Make the conversation of a new client."""
        return ClusterConversation(self, self.next_number(), peer, here)
