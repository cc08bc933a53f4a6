"""`Cloud`: one account of the managed service, with its clock, its desks, its traffic and its bill."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from cachesim.engines.memcached.engine import Memcached
from cachesim.engines.redis.engine import Redis
from cachesim.errors import BadInput
from cachesim.experiments.run import run_and_keep
from cachesim.model.database import Database
from cachesim.model.strategies.lazy import LazyLoading
from cachesim.model.workload import OpenLoop
from cachesim.scenario import Scenario
from cachesim.service.account import Account
from cachesim.service.cloudwatch import CloudWatch
from cachesim.service.cloudwatch.series import MINUTE
from cachesim.service.elasticache.failover import ElastiCache
from cachesim.service.sns import Notice, Sns
from cachesim.service.traffic import Nodes, faults_of, nodes_of, publish

if TYPE_CHECKING:
    from cachesim.experiments.result import Result
    from cachesim.model.strategies.base import Strategy
    from cachesim.model.workload import Workload

POLICY: Literal["volatile-lru"] = "volatile-lru"  # of default.redis7


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
        self._held: dict[str, bytes] = {}  # name of a resource -> its content, as an RDB file
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

    def advance(self, minutes: float) -> None:
        """Let time pass without traffic. Alarms are judged at every full minute."""
        calendar = self.account.calendar
        end = calendar.now + 60 * minutes
        while calendar.now < end:
            calendar.advance(min(end, (calendar.now // MINUTE + 1) * MINUTE) - calendar.now)
            self.account.desk("cloudwatch").judge(calendar.now)

    def run(
        self,
        *,
        group: str = "",
        cluster: str = "",
        strategy: Strategy | None = None,
        workload: Workload | None = None,
        database: Database | None = None,
        minutes: float = 10,
    ) -> Result:
        """Send requests to a replication group or a cluster for some minutes, and return the Result.

        What the nodes hold stays for the next run. Metrics come from the nodes, one value per minute.
        """
        desk = self.account.desk("elasticache")
        if bool(group) == bool(cluster):
            raise BadInput("name either a group or a cluster to send requests to")
        resource = desk.group(group) if group else desk.cluster(cluster)
        nodes, begin = nodes_of(resource), self.account.calendar.now
        if resource.status == "creating":
            raise BadInput(f'"{resource.id}" is still being created; wait until it is available')
        self.account.calendar.advance(60 * minutes)
        orders = self.account.orders.between(begin, self.account.calendar.now)
        fleet, faults = faults_of(nodes, orders, begin)
        scenario = Scenario(
            strategy=strategy or LazyLoading(ttl=60),
            workload=workload or OpenLoop(),
            database=database or Database(),
            fleet=fleet,
            faults=faults,
            duration=60 * minutes,
            warmup=0,
            sample_every=MINUTE,
            seed=self.seed + self._runs,
        )
        return self._measured(resource.id, nodes, scenario, begin)

    def _measured(self, name: str, nodes: Nodes, scenario: Scenario, begin: float) -> Result:
        """Run a scenario with what the nodes held before; keep what they hold, and send the metrics."""
        self._runs += 1
        memory = int(nodes.node_type.usable * self.scale)
        if nodes.engine == "memcached":
            result, _ = run_and_keep(scenario.replace(cache=Memcached(memory=memory)))
        else:
            with tempfile.TemporaryDirectory() as folder:
                file = Path(folder) / "held.rdb"
                file.write_bytes(self._held.get(name, b""))
                held = str(file) if name in self._held else ""
                cache = Redis(memory=memory, policy=POLICY, seed_from=held)
                result, self._held[name] = run_and_keep(scenario.replace(cache=cache))
        publish(self.account, nodes, result, begin, memory)
        for minute in range(int(begin // MINUTE) + 1, int(self.account.calendar.now // MINUTE) + 1):
            self.account.desk("cloudwatch").judge(minute * MINUTE)
        return result

    def bill(self) -> str:
        """Return the bill until now: every node with its hours, and the sum in US dollars."""
        return self.account.bill.table(self.account.calendar.now)

    @property
    def inbox(self) -> list[Notice]:
        """The messages that subscribed inboxes have got, the oldest first."""
        return sorted(self.account.desk("sns").inbox, key=lambda message: message.seconds)
