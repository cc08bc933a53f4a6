"""`Load`: what a fleet must hold, serve and survive, and what this asks of its busiest node."""

import math
from functools import cached_property
from typing import Annotated, Literal

import cachesim.theory as theory
from cachesim.engines.redis.engine import Redis
from cachesim.engines.redis.hashtable import POINTER
from cachesim.engines.redis.memory import key_bytes, string_bytes
from cachesim.errors import BadInput
from cachesim.model.fleet.groups import Reads
from cachesim.model.fleet.specs import Zones
from cachesim.model.network import Network
from cachesim.model.node import Node
from cachesim.spec import Count, Exponent, Rate, Rule, Share, Spec

Requests = Annotated[
    float, Rule("> 0 and at most 1,000,000,000 per second", lambda x: 0 < x <= 1e9)
]
Size = Annotated[int, Rule("from 1 byte to 512 MiB, as Redis has it", lambda x: 1 <= x <= 2**29)]
Keys = Annotated[int, Rule("from 1 to 1,000,000,000,000", lambda x: 1 <= x <= 10**12)]
Hits = Annotated[float, Rule("above 0 and at most 1", lambda x: 0 < x <= 1)]
Quota = Annotated[int, Rule("from 1 to 500", lambda x: 1 <= x <= 500)]
Dollars = Annotated[float, Rule("> 0 and finite", lambda x: 0 < x < math.inf)]
Survive = Literal["nothing", "node", "zone"]

OK = 5  # bytes of the reply "+OK" with its line end


class Load(Spec):
    """What a fleet must hold, serve and survive.

    SIMPLIFIED: all values have the mean size; a read is one GET, a write and each miss are one SET; a replica
    works as long on a write as its primary; there is no TTL (it would take 40 bytes more per key).

    >>> load = Load(rate=100_000, keys=1_000_000, value_size=100, key_size=12)
    >>> round(load.memory(1) / 10**6), round(load.busy(1, 1), 2)
    (189, 1.01)
    """

    rate: Requests = 10_000.0  # requests per second
    writes: Share = 0.1  # share of the requests that write
    keys: Keys = 1_000_000
    value_size: Size = 500  # mean
    key_size: Size = 12  # mean
    skew: Exponent = 0.99  # of Zipf's law
    hit_ratio: Hits = 1.0  # wanted; 1: the memory holds every key
    connections: Count = 1000  # that the clients hold to each node
    zones: Zones = 1  # in which clients and nodes stand evenly
    survive: Survive = "node"  # what may fail without a failure of the site
    read_from: Reads = "primary"
    database: Rate | None = None  # reads per second that it can serve; None: not known
    budget: Dollars | None = None  # US dollars per hour
    busy_limit: Hits = 0.7  # share of a core and of the network that is used on purpose
    quota: Quota = 90  # nodes of one cluster
    node: Node = Node()  # how long a command takes on one core

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.survive == "zone" and self.zones < 2:
            raise BadInput(
                'Load.zones must be at least 2 to survive the loss of a zone, got 1; give more zones, or survive="node"'
            )

    @cached_property
    def ranks(self) -> theory.Ranks:
        """The popularity of the keys."""
        return theory.zipf_classes(self.keys, self.skew)

    @cached_property
    def items(self) -> int:
        """How many keys the memory must hold for the hit ratio that is wanted."""
        return math.ceil(theory.items_for(self.hit_ratio, self.ranks))

    @property
    def reads(self) -> float:
        """Reads per request."""
        return 1 - self.writes

    @property
    def sets(self) -> float:
        """SETs per request: the writes, and what fills the cache after each miss."""
        return self.writes + self.reads * (1 - self.hit_ratio)

    @property
    def work(self) -> float:
        """The seconds of one command on one core."""
        return self.node.service.mean + self.node.per_byte * self.value_size

    def share(self, shards: int) -> float:
        """Give the share of the requests that the busiest shard gets."""
        return theory.busiest_share(self.ranks.top, self.ranks.squares, shards)

    def memory(self, shards: int) -> float:
        """Give the bytes that the fullest shard takes at most, as Redis counts them.

        While a table grows, its old one, of half the size, is still there.
        """
        items = self.items * theory.busiest_share(1 / self.items, 1 / self.items, shards)
        buckets = 1 << math.ceil(math.log2(max(4, items)))
        each = key_bytes(self.key_size) + string_bytes(self.value_size)
        return Redis().base_memory + items * each + 1.5 * POINTER * buckets

    def at_primary(self, replicas: int) -> float:
        """Give the share of a shard's reads that its primary serves."""
        if not replicas:
            return 1.0
        shares = {"primary": 1.0, "replica": 0.0, "nearest": 1 / (1 + replicas)}
        return shares[self.read_from]

    def busy(self, shards: int, copies: int, share: float | None = None) -> float:
        """Give the utilisation of one core on the busiest node of the busiest shard.

        `share` of the requests goes to that shard; by default as many as its keys get.
        """
        share = self.share(shards) if share is None else share
        each = theory.node_work(
            self.reads,
            self.sets,
            copies - 1,
            self.at_primary(copies - 1),
            write=self.work,
            apply=self.work,
            read=self.work,
        )
        return float(self.rate * share * each)

    def gbps(self, shards: int, copies: int, share: float | None = None) -> float:
        """Give the Gbit/s of the busiest node, in the direction in which more flows."""
        share = self.share(shards) if share is None else share
        replicas = copies - 1
        mine = self.reads * self.at_primary(replicas)
        command, answer = self.message["get"], self.message["value"]
        into = mine * command + self.sets * self.message["set"]
        out = mine * answer + self.sets * (replicas * self.message["set"] + self.message["ok"])
        theirs = (self.reads - mine) / max(1, replicas)
        most = max(into, out, theirs * answer, theirs * command + self.sets * self.message["set"])
        return self.rate * share * most * 8 / 1e9

    @cached_property
    def message(self) -> dict[str, float]:
        """The bytes of each kind of message on the wire, in Redis's protocol."""
        key, value = _bulk(self.key_size), _bulk(self.value_size)
        payload = {
            "get": 4 + _bulk(3) + key,
            "set": 4 + _bulk(3) + key + value,
            "value": value,
            "ok": OK,
        }
        return {kind: theory.on_the_wire(size) for kind, size in payload.items()}

    def crossing(self, replicas: int) -> float:
        """Give the share of the requests that leave their zone."""
        near = self.read_from == "nearest" and replicas >= self.zones - 1
        return theory.cross_zone_share(self.zones, self.writes, near_reads=near)

    def bytes_per_request(self) -> float:
        """Give the mean bytes of a request and its answer."""
        size = self.message
        return self.reads * (size["get"] + size["value"]) + self.sets * (size["set"] + size["ok"])

    def round_trip(self, replicas: int) -> float:
        """Give the mean seconds on the network per request."""
        near, far = Network().in_zone.mean, Network().cross_zone.mean
        return near + theory.cross_zone_cost(1, near, far) * self.crossing(replicas)


def _bulk(length: int) -> int:
    """Give the bytes of a string of this length in Redis's protocol: $5, its bytes, two line ends."""
    return length + len(str(length)) + 5
