"""`Cloud`: one account of the managed service, with its clock, its desks, its traffic and its bill."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal

from cachesim.errors import BadInput
from cachesim.experiments import cloud_fleet
from cachesim.experiments.cloud_cache import bare, cache_of, changes_of, credits_of, node_of
from cachesim.experiments.cloud_database import DatabaseRun
from cachesim.experiments.cloud_fleet import Nodes, Target, nodes_of
from cachesim.experiments.login import Login, logged_in, reply
from cachesim.experiments.meters import Meter, fresh
from cachesim.model.database import Database
from cachesim.model.resilience import Resilience
from cachesim.model.strategies.lazy import LazyLoading
from cachesim.model.workload import OpenLoop
from cachesim.scenario import Scenario
from cachesim.service.account import Account
from cachesim.service.cloudwatch import CloudWatch
from cachesim.service.cloudwatch.series import MINUTE
from cachesim.service.dax.desk import DaxDesk
from cachesim.service.dynamodb.desk import DynamoDesk
from cachesim.service.ec2 import Ec2
from cachesim.service.elasticache.desk import ElastiCache
from cachesim.service.iam.desk import Iam, Sts
from cachesim.service.iam.gate import GatedDesk
from cachesim.service.iam.tokens import connect_token
from cachesim.service.kms import Kms
from cachesim.service.rds.desk import Rds
from cachesim.service.s3 import S3
from cachesim.service.sns import Notice, Sns

if TYPE_CHECKING:
    from cachesim.engines.memcached.engine import Memcached
    from cachesim.engines.redis.engine import Redis
    from cachesim.experiments.result import Result
    from cachesim.model.strategies.base import Strategy
    from cachesim.model.workload import Workload


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
        self.account.open(
            [ElastiCache, CloudWatch, Sns, Iam, Sts, Kms, S3, Ec2, DynamoDesk, DaxDesk, Rds]
        )
        self.account.plane.scale = scale
        self.account.desk("cloudwatch").standing.fresh = lambda node_type, engine: fresh(
            bare(node_type, engine, scale), node_type, scale
        )
        self._runs = 0

    def desk(self, service: str, access_key: str = "") -> Any:
        """Return a desk: its methods have AWS's names, and take and return dicts in AWS's shape.

        With an access key, IAM judges each call; without one, nobody is asked.
        """
        found = self.account.desk(service)
        return GatedDesk(self.account, service, access_key) if access_key else found

    def client(self, service: str, access_key: str = "any") -> Any:
        """Return a real boto3 client: no socket, and its waiters wait in simulated time.

        The access key says who calls; one that IAM never gave out is the administrator's.

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
        return door.client(self.account, service, access_key)

    def spec_of(self, resource: Target) -> Redis | Memcached:
        """Describe the engine of one node of a group or a cluster, as it is now."""
        return cache_of(nodes_of(resource), self.scale, self.account.calendar.now)

    def advance(self, minutes: float) -> None:
        """Let time pass without traffic."""
        self.account.calendar.advance(60 * minutes)

    def run(
        self,
        *,
        group: str = "",
        cluster: str = "",
        serverless: str = "",
        strategy: Strategy | None = None,
        workload: Workload | None = None,
        database: Database | None = None,
        db_instance: str = "",
        minutes: float = 10,
        user: str = "default",
        password: str | Callable[[], str] = "",
        tls: bool | None = None,
        zones: int = 1,
        client_group: str = "",
        resilience: Resilience | None = None,
        clients: dict[str, Any] | None = None,
        on_cache_error: Literal["miss", "raise"] = "miss",
    ) -> Result:
        """Send requests to a replication group or a cluster for some minutes, and return the Result.

        What a Redis holds stays for the next run; its TTLs go on in between. A Memcached begins each
        run empty. Metrics come from the nodes, one value per minute. `clients` says what clients know of
        the fleet: its fields, such as {"dns_ttl": 60, "reresolves": False} or {"reads": "replica"}.

        The application logs in when the run begins: with a password, or with a function that makes one
        (a token of IAM) whenever it is needed. It speaks TLS if the nodes do; `tls` says otherwise.
        With several `zones` the nodes and the processes of the application stand in all of them, dealt
        out in turn: the way between two zones is longer, and its bytes are on the bill.
        The application's hosts are in the security group `client_group`, or in the default one. If
        no rule of the nodes' groups lets them in, each call of the cache ends with a time-out, after
        the time that `resilience` says.

        The database is a DB instance of RDS, if `db_instance` names one; `database` says how fast it is.
        """
        resource = self._resource(group=group, cluster=cluster, serverless=serverless)
        nodes = nodes_of(resource)
        nodes = nodes._replace(fleet=nodes.fleet.replace(zones=zones, **(clients or {})))
        cut = cloud_fleet.cut_off(self.account, resource, nodes, client_group)
        served = DatabaseRun(self.account, db_instance, client_group)
        scenario = Scenario(
            strategy=strategy or LazyLoading(ttl=60),
            cache=logged_in(
                self.account, self.spec_of(resource), resource, Login(user, password, tls)
            ),
            node=node_of(resource, self.scale),
            workload=workload or OpenLoop(),
            database=served.database(database or Database()),
            resilience=resilience or Resilience(),
            duration=60 * minutes,
            warmup=0,
            on_cache_error=on_cache_error,
            sample_every=MINUTE,
            seed=self.seed + self._runs,
        )
        self._runs += 1
        return self._sent(resource, nodes, scenario, cut, served)

    def _sent(
        self, resource: Target, nodes: Nodes, scenario: Scenario, cut: Any, served: DatabaseRun
    ) -> Result:
        """Let the minutes of a run pass at the service, then play them, and publish what was counted."""
        begin, plane = self.account.calendar.now, self.account.plane
        content = plane.content(resource)
        with plane.playing(resource):
            self.account.calendar.advance(scenario.duration)
        orders = self.account.orders.between(begin, self.account.calendar.now)
        fleet, faults = cloud_fleet.faults_of(nodes, orders, begin)
        faults += (*credits_of(self.account, nodes, scenario, begin),)
        nodes = nodes._replace(names=cloud_fleet.with_joined(nodes.names, orders))
        meter = Meter(nodes, self.scale)
        faults += cut + changes_of(nodes, self.scale, begin, self.account.calendar.now)
        scenario = scenario.replace(fleet=fleet, faults=faults + served.faults())
        result, kept = cloud_fleet.played(content, scenario, served.after(meter))
        served.finish()
        plane.deliver(cloud_fleet.saved_by(nodes, orders, begin, kept.backups), content, kept.file)
        plane.put(resource, kept.file)
        cloud_fleet.publish(self.account, nodes, meter.samples, begin)
        self.account.bill.crossed += meter.crossed
        self.account.desk("cloudwatch").catch_up()
        return result

    def login(
        self,
        *,
        group: str = "",
        cluster: str = "",
        user: str = "default",
        password: str | Callable[[], str] = "",
        tls: bool | None = None,
    ) -> str:
        """Return the answer of the nodes to a login now: OK, or the error that a client gets."""
        resource = self._resource(group=group, cluster=cluster)
        return reply(
            logged_in(self.account, self.spec_of(resource), resource, Login(user, password, tls))
        )

    def iam_token(self, *, group: str, user: str, access_key: str) -> str:
        """Return a token with which a user of IAM logs in to a group: right for 15 minutes from now.

        Raises
        ------
        BadInput
            IAM never gave this access key out.
        """
        keys = self.account.desk("iam").keys
        if access_key not in keys:
            raise BadInput(f'IAM has no access key "{access_key}"; make one with CreateAccessKey')
        return connect_token(keys[access_key], group, user, self.account.calendar.date)

    def _resource(self, **names: str) -> Target:
        """Find what the requests are for. Raises BadInput."""
        chosen = [(kind, name) for kind, name in names.items() if name]
        if len(chosen) != 1:
            raise BadInput(
                "name either a group or a cluster to send requests to, or serverless=..."
            )
        desk, ((kind, name),) = self.account.desk("elasticache"), chosen
        registers = {"group": desk.groups, "cluster": desk.clusters, "serverless": desk.serverless}
        found: Target = registers[kind].find(name)
        if found.status in ("creating", "deleting", "create-failed", "restore-failed"):
            raise BadInput(f'"{found.id}" is {found.status}; requests need one that is available')
        self.account.desk("cloudwatch").catch_up()  # before the metrics of this run are there
        return found

    def at(self, minutes: float, call: Callable[[], object]) -> None:
        """Make a call so many minutes from now, also in the midst of a run.

        >>> cloud, seen = Cloud(), []
        >>> cloud.at(5, lambda: seen.append(cloud.account.calendar.now))
        >>> cloud.advance(minutes=10)
        >>> seen
        [300.0]
        """
        self.account.calendar.at(60 * minutes, call)

    def kill(self, *nodes: str) -> None:
        """Let the machines of some nodes or DB instances die now, such as "shop-001"; the service replaces them.

        >>> cloud = Cloud(timings="instant")
        >>> made = cloud.desk("elasticache").CreateCacheCluster({"CacheClusterId": "c"})
        >>> cloud.advance(minutes=1)
        >>> cloud.kill("c")
        >>> cloud.desk("elasticache").clusters.find("c").status
        'modifying'
        """
        rds = self.account.desk("rds")
        for each in set(nodes) & set(rds.instances.held):
            rds.kill(each)
        self.account.desk("elasticache").kill(*(n for n in nodes if n not in rds.instances))

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
