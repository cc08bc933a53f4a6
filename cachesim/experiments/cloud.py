"""`Cloud`: one account of the managed service, with its clock, its desks, its traffic and its bill."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from cachesim.engines.memcached.engine import Memcached
from cachesim.engines.redis.engine import Redis
from cachesim.errors import BadInput
from cachesim.experiments.meters import Meter, fresh
from cachesim.experiments.run import run_and_keep
from cachesim.model.database import Database
from cachesim.model.strategies.lazy import LazyLoading
from cachesim.model.workload import OpenLoop
from cachesim.node_types import NodeType
from cachesim.scenario import Scenario
from cachesim.service.account import Account
from cachesim.service.cloudwatch import CloudWatch
from cachesim.service.cloudwatch.series import MINUTE
from cachesim.service.elasticache.clusters import CacheCluster
from cachesim.service.elasticache.desk import ElastiCache
from cachesim.service.elasticache.groups import ReplicationGroup
from cachesim.service.plane import Holder
from cachesim.service.sns import Notice, Sns
from cachesim.service.traffic import faults_of, nodes_of, publish

if TYPE_CHECKING:
    from cachesim.experiments.result import Result
    from cachesim.model.strategies.base import Strategy
    from cachesim.model.workload import Workload


POLICY: Literal["volatile-lru"] = "volatile-lru"  # of default.redis7


def cache_of(node_type: NodeType, engine: str, scale: float) -> Redis | Memcached:
    """Describe one node as a cache of the model; `scale` divides its memory."""
    memory = int(node_type.usable * scale)
    if engine == "memcached":
        return Memcached(memory=memory)
    return Redis(memory=memory, policy=POLICY)


class Cloud:
    """One account of the managed service in simulated time.

    Parameters
    ----------
    seed : int
        Of all draws: times of the service, ids, requests.
    timings : {"typical", "instant"}
        How long the service takes; "instant" is for tests of your own.
    scale : float
        Divides memory only, so that a small workload fills a large node: 1/100 makes cache.t3.micro
        a node of 4 MB. Times, prices and ratios stay.
    allow_previous_generation : bool
        Whether types such as cache.t2.micro may be created, as old course notes do.

    Examples
    --------
    >>> cloud = Cloud(seed=1)
    >>> desk = cloud.desk("elasticache")
    >>> made = desk.CreateCacheCluster({"CacheClusterId": "c", "CacheNodeType": "cache.t3.micro"})
    >>> made["CacheCluster"]["CacheClusterStatus"]
    'creating'
    >>> cloud.advance(minutes=10)
    >>> desk.DescribeCacheClusters({})["CacheClusters"][0]["CacheClusterStatus"]
    'available'
    """

    def __init__(
        self,
        seed: int = 1,
        timings: str = "typical",
        scale: float = 1.0,
        allow_previous_generation: bool = False,
    ) -> None:
        if not 0 < scale <= 1:
            raise BadInput(f"scale must be above 0 and at most 1, got {scale!r}")
        self.seed, self.scale = seed, scale
        self.account = Account(seed, timings, allow_previous_generation)
        self.account.open([ElastiCache, CloudWatch, Sns])
        self.account.desk("cloudwatch").standing.fresh = lambda node_type, engine: fresh(
            cache_of(node_type, engine, scale), node_type, scale
        )
        self._runs = 0

    def desk(self, service: str) -> Any:
        """Return a desk: its methods have AWS's names, and take and return dicts in AWS's shape."""
        return self.account.desk(service)

    def client(self, service: str) -> Any:
        """Return a real boto3 client: no socket, and its waiters wait in simulated time.

        Raises
        ------
        BadInput
            boto3 is not installed.
        """
        self.account.desk(service)
        try:
            from cachesim.service.wire import door
        except ImportError:
            raise BadInput(
                'a client needs boto3: pip install "cachesim-lab[aws]"; or take cloud.desk(...)'
            ) from None
        return door.client(self.account, service)

    def spec_of(self, node_type: NodeType, engine: str) -> Redis | Memcached:
        """Describe the engine of one node of a type; engine is "redis" or "memcached"."""
        return cache_of(node_type, engine, self.scale)

    def advance(self, minutes: float) -> None:
        """Let time pass without traffic."""
        self.account.calendar.advance(60 * minutes)

    def run(
        self,
        *,
        group: str = "",
        cluster: str = "",
        strategy: Strategy | None = None,
        workload: Workload | None = None,
        database: Database | None = None,
        minutes: float = 10,
        zones: int = 1,
    ) -> Result:
        """Send requests to a replication group or a cluster for some minutes, and return the Result.

        What a Redis holds stays for the next run; its TTLs go on in between. A Memcached begins each
        run empty. Metrics come from the nodes, one value per minute.

        With several `zones` the nodes and the processes of the application stand in all of them, dealt
        out in turn: the way between two zones is longer, and its bytes are on the bill.
        """
        resource = self._resource(group, cluster)
        nodes, begin = nodes_of(resource, zones), self.account.calendar.now
        scenario = Scenario(
            strategy=strategy or LazyLoading(ttl=60),
            cache=cache_of(nodes.node_type, nodes.engine, self.scale),
            workload=workload or OpenLoop(),
            database=database or Database(),
            duration=60 * minutes,
            warmup=0,
            sample_every=MINUTE,
            seed=self.seed + self._runs,
        )
        self._runs += 1
        content = self.account.plane.content(resource, next(iter(nodes.names.values())))
        self.advance(minutes)
        orders = self.account.orders.between(begin, self.account.calendar.now)
        fleet, faults = faults_of(nodes, orders, begin)
        scenario, meter = scenario.replace(fleet=fleet, faults=faults), Meter(nodes, self.scale)
        result = self._played(resource, content, scenario, meter)
        publish(self.account, nodes, meter.samples, begin)
        self.account.bill.crossed += meter.crossed
        self.account.desk("cloudwatch").catch_up()
        return result

    def _resource(self, group: str, cluster: str) -> ReplicationGroup | CacheCluster:
        """Find the group or the cluster that the requests are for. Raises BadInput."""
        if bool(group) == bool(cluster):
            raise BadInput("name either a group or a cluster to send requests to")
        desk = self.account.desk("elasticache")
        found: ReplicationGroup | CacheCluster = (
            desk.groups.find(group) if group else desk.clusters.find(cluster)
        )
        if found.status in ("creating", "deleting"):
            raise BadInput(f'"{found.id}" is {found.status}; requests need one that is available')
        self.account.desk("cloudwatch").catch_up()  # before the metrics of this run are there
        return found

    def _played(self, resource: Holder, content: bytes, scenario: Scenario, meter: Meter) -> Result:
        """Run a scenario with what the nodes hold at its begin, and keep what they hold at its end."""
        with tempfile.TemporaryDirectory() as folder:
            if content:
                path = Path(folder) / "held.rdb"
                path.write_bytes(content)
                scenario = scenario.replace(cache__seed_from=str(path))
            result, file = run_and_keep(scenario, meter=meter)
        self.account.plane.put(resource, file)
        return result

    def bill(self) -> str:
        """Return the bill until now: nodes with their hours, backups, bytes between zones, and the sum."""
        return self.account.bill.table(self.account.calendar.now)

    def dollars(self) -> float:
        """Return the sum of the bill until now, in US dollars."""
        return self.account.bill.total(self.account.calendar.now)

    @property
    def inbox(self) -> list[Notice]:
        """The messages that subscribed inboxes have got, the oldest first."""
        self.account.desk("cloudwatch").catch_up()
        return sorted(self.account.desk("sns").inbox, key=lambda message: message.seconds)
