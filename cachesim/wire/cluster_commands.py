"""CLUSTER, READONLY, READWRITE and ASKING: what a client asks a node about its cluster.

The functions take the client, a RedisConversation; its node is None outside a cluster. The layouts
of the replies are those of redis 7, cluster.c.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any

from cachesim.engines.redis.arguments import integer
from cachesim.engines.redis.command import RedisCommand, container, table
from cachesim.engines.redis.helptexts import helper, lines_of
from cachesim.engines.redis.memory import as_bytes
from cachesim.engines.redis.reply import Reply, Verbatim
from cachesim.engines.redis.slots import SLOTS, slot_of
from cachesim.errors import CommandError
from cachesim.wire.cluster import BUS, ClusterNode

DISABLED = "ERR This instance has cluster support disabled"
FIXED = (
    "is not served: `cachesim serve` keeps the nodes, their roles and slots as at its start; "
    "choose them with --shards and --replicas"
)


def on_a_node(function: Callable[..., Reply]) -> Callable[..., Reply]:
    """Refuse the command outside a cluster."""

    @wraps(function)
    def checked(client: Any, *parts: Any) -> Reply:
        if client.node is None:
            raise CommandError(DISABLED)
        return function(client, *parts)

    return checked


@on_a_node
def slots(client: Any) -> Reply:
    """CLUSTER SLOTS: the ranges of slots, each with its nodes."""
    return [
        [shard[0].slots[0], shard[0].slots[-1], *map(address, shard)]
        for shard in client.node.cluster.shards()
    ]


def address(node: ClusterNode) -> list[Reply]:
    """List where a node is and its name, as CLUSTER SLOTS does."""
    return [node.host.encode(), node.port, node.name.encode(), []]


@on_a_node
def shards(client: Any) -> Reply:
    """CLUSTER SHARDS: the shards, each with its slots and nodes."""
    return [
        {
            b"slots": [shard[0].slots[0], shard[0].slots[-1]],
            b"nodes": list(map(described, shard)),
        }
        for shard in client.node.cluster.shards()
    ]


def described(node: ClusterNode) -> dict[Any, Reply]:
    """Describe a node as CLUSTER SHARDS does."""
    return {
        b"id": node.name.encode(),
        b"port": node.port,
        b"ip": node.host.encode(),
        b"endpoint": node.host.encode(),
        b"role": b"replica" if node.primary else b"master",
        b"replication-offset": node.offset,
        b"health": b"online",
    }


@on_a_node
def nodes(client: Any) -> Reply:
    """CLUSTER NODES: one line per node."""
    now = int(client.engine.now)
    lines = [line(each, client.node, now) for each in client.node.cluster.nodes]
    return Verbatim("".join(lines).encode())


def line(node: ClusterNode, mine: ClusterNode, now: int) -> str:
    """Write the line of a node, as seen by the node `mine` at a time in milliseconds."""
    role = "slave" if node.primary else "master"
    flags = f"myself,{role}" if node is mine else role
    primary = node.primary.name if node.primary else "-"
    where = f"{node.host}:{node.port}@{node.port + BUS}"
    pong = 0 if node is mine else now
    own = "" if node.primary else f" {node.slots[0]}-{node.slots[-1]}"
    return f"{node.name} {where} {flags} {primary} 0 {pong} {node.epoch} connected{own}\n"


@on_a_node
def info(client: Any) -> Reply:
    """CLUSTER INFO: the state of the cluster."""
    cluster = client.node.cluster
    fields = {
        "cluster_state": "ok",
        "cluster_slots_assigned": SLOTS,
        "cluster_slots_ok": SLOTS,
        "cluster_slots_pfail": 0,
        "cluster_slots_fail": 0,
        "cluster_known_nodes": len(cluster.nodes),
        "cluster_size": len(cluster.primaries),
        "cluster_current_epoch": len(cluster.primaries),
        "cluster_my_epoch": client.node.epoch,
        "cluster_stats_messages_sent": 0,
        "cluster_stats_messages_received": 0,
        "total_cluster_links_buffer_limit_exceeded": 0,
    }
    return Verbatim("".join(f"{name}:{value}\r\n" for name, value in fields.items()).encode())


@on_a_node
def myid(client: Any) -> Reply:
    """CLUSTER MYID: the name of this node."""
    return bytes(client.node.name, "ascii")


@on_a_node
def keyslot(client: Any, key: bytes) -> Reply:
    """CLUSTER KEYSLOT key."""
    return slot_of(key)


@on_a_node
def countkeysinslot(client: Any, part: bytes) -> Reply:
    """CLUSTER COUNTKEYSINSLOT slot: the number of this node's keys in a slot."""
    slot = integer(part)
    if not 0 <= slot < SLOTS:
        raise CommandError("ERR Invalid slot")
    return len(keys_in(client, slot))


@on_a_node
def getkeysinslot(client: Any, part: bytes, number: bytes) -> Reply:
    """CLUSTER GETKEYSINSLOT slot count: some of this node's keys in a slot, the newest first."""
    slot, most = integer(part), integer(number)
    if not 0 <= slot < SLOTS or most < 0:
        raise CommandError("ERR Invalid slot or number of keys")
    return keys_in(client, slot)[::-1][:most]


def keys_in(client: Any, slot: int) -> list[bytes]:
    """List a node's keys in a slot, the oldest first; dead keys that are not removed count."""
    names = map(as_bytes, client.engine.database(0).table.entries)
    return [name for name in names if slot_of(name) == slot]


@on_a_node
def replicas(client: Any, name: bytes) -> Reply:
    """CLUSTER REPLICAS node-id: the lines of a primary's replicas."""
    known = {each.name.encode(): each for each in client.node.cluster.nodes}
    if name not in known:
        raise CommandError(f"ERR Unknown node {name.decode(errors='replace')}")
    if known[name].primary:
        raise CommandError("ERR The specified node is not a master")
    lines = [line(each, client.node, int(client.engine.now)) for each in known[name].replicas]
    return [each.rstrip("\n").encode() for each in lines]


@on_a_node
def readonly(client: Any) -> Reply:
    """READONLY: from now on this connection reads at a replica what it holds, stale or not."""
    client.reads_copies = True
    return "OK"


@on_a_node
def readwrite(client: Any) -> Reply:
    """READWRITE: the end of READONLY."""
    client.reads_copies = False
    return "OK"


@on_a_node
def asking(client: Any) -> Reply:
    """ASKING: noted without effect, as no slot is ever on its way to another node."""
    return "OK"


def fixed(name: str) -> RedisCommand:
    """Make the row of a command that would change the cluster: it is refused."""

    def function(client: Any, *parts: bytes) -> Reply:
        raise CommandError(f"ERR {name.replace('|', ' ')} {FIXED}")

    function.__doc__ = (
        f"{name.replace('|', ' ')}: refused, as the nodes keep their roles and slots."
    )
    return RedisCommand(name, "[argument ...]", "admin stale", on_a_node(function))


CHANGES = "ADDSLOTS ADDSLOTSRANGE BUMPEPOCH DELSLOTS DELSLOTSRANGE FAILOVER FLUSHSLOTS FORGET MEET "
CHANGES += "REPLICATE RESET SAVECONFIG SET-CONFIG-EPOCH SETSLOT"
COMMANDS = table(
    RedisCommand("ASKING", "", "fast", asking),
    container("CLUSTER"),
    RedisCommand("CLUSTER|COUNTKEYSINSLOT", "argument", "stale", countkeysinslot),
    RedisCommand("CLUSTER|GETKEYSINSLOT", "argument argument", "stale", getkeysinslot),
    RedisCommand("CLUSTER|INFO", "", "stale", info),
    RedisCommand("CLUSTER|KEYSLOT", "argument", "stale", keyslot),
    RedisCommand("CLUSTER|MYID", "", "stale", myid),
    RedisCommand("CLUSTER|NODES", "", "stale", nodes),
    RedisCommand("CLUSTER|REPLICAS", "argument", "admin stale", replicas),
    RedisCommand("CLUSTER|SHARDS", "", "stale", shards),
    RedisCommand("CLUSTER|SLOTS", "", "stale", slots),
    RedisCommand("READONLY", "", "loading stale fast", readonly),
    RedisCommand("READWRITE", "", "loading stale fast", readwrite),
    fixed("MIGRATE"),
    *(fixed(f"CLUSTER|{name}") for name in CHANGES.split()),
)
COMMANDS |= table(helper("CLUSTER", lines_of("CLUSTER", COMMANDS)))
