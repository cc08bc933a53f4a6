"""Cache clusters: one node of Redis, or up to 40 nodes of Memcached."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from itertools import count, islice
from typing import Any

from cachesim.node_types import NodeType, node_type
from cachesim.service.calendar import Calendar
from cachesim.service.checks import identifier, in_range, in_turn, named_zones
from cachesim.service.elasticache.parameter_table import version_of
from cachesim.service.elasticache.parameters import InUse, ParameterGroup, ParameterGroups
from cachesim.service.elasticache.settings import taken
from cachesim.service.elasticache.subnets import SubnetGroups
from cachesim.service.faults import refuse_if
from cachesim.service.orders import Order
from cachesim.service.pages import page
from cachesim.service.register import Register
from cachesim.service.tables import in_shape
from cachesim.service.tags import tags_of

PORTS = {"redis": 6379, "valkey": 6379, "memcached": 11211}
VALKEY = 0.8  # of the price of a node of Redis
MOST_NODES = 40  # of a Memcached cluster
SHOWN = ("SnapshotRetentionLimit", "SnapshotWindow")  # settings that stand in an answer as they are
SHOWN_OF_CLUSTER = (*SHOWN, "PreferredMaintenanceWindow", "CacheSubnetGroupName")
PENDING = ("CacheNodeType", "NumCacheNodes", "CacheNodeIdsToRemove", "EngineVersion")  # as shown
CLUSTER = (  # of a request, besides the settings
    "CacheClusterId Engine NumCacheNodes AZMode PreferredAvailabilityZone "
    "PreferredAvailabilityZones Tags"
)


def some(values: dict[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    """Return the values that have one of these names.

    >>> some({"a": 1, "b": 2}, ("b", "c"))
    {'b': 2}
    """
    return {name: values[name] for name in names if name in values}


@dataclass
class ConfiguredCache:
    """What a cluster and a replication group have in common."""

    id: str
    engine: str
    settings: dict[str, Any]
    created: datetime
    arn: str
    status: str = field(default="creating", kw_only=True)
    pending: dict[str, Any] = field(default_factory=dict, kw_only=True)  # waits for the window
    works: list[str] = field(default_factory=list, kw_only=True)  # the states of what goes on

    @property
    def node_type(self) -> NodeType:
        """What its nodes are, and at what price."""
        found = node_type(self.settings["CacheNodeType"])
        return found.replace(price=VALKEY * found.price) if self.engine == "valkey" else found

    @property
    def topic(self) -> str:
        """The ARN of the topic that hears of it; empty if none does."""
        return str(self.settings.get("NotificationTopicArn", ""))

    @property
    def port(self) -> int:
        """The port of its nodes."""
        return int(self.settings.get("Port", PORTS[self.engine]))


@dataclass(eq=False)
class CacheCluster(ConfiguredCache):
    """A cache cluster; a member of a replication group has its name in `group`, and its settings."""

    zones: list[str]  # of each node
    group: str = ""
    parameters: InUse = field(init=False)
    gone: set[str] = field(default_factory=set)  # names of nodes that have left

    kind = "cluster"
    is_sharded = False

    @property
    def members(self) -> list["CacheCluster"]:
        """The cluster itself, as if it were a group."""
        return [self]

    @property
    def nodes(self) -> list[str]:
        """The names of its nodes."""
        names = (f"{number:04}" for number in count(1))
        return list(islice((name for name in names if name not in self.gone), len(self.zones)))

    def rented(self, nodes: list[str] | None = None) -> list[str]:
        """Return the names of its nodes, or of some of them, on the bill."""
        chosen = self.nodes if nodes is None else nodes
        is_pool = self.engine == "memcached"
        return [f"{self.id} {node}" if is_pool else self.id for node in chosen]

    def endpoint(self, node: str) -> dict[str, Any]:
        """Return the address of a node."""
        return {"Address": f"{self.id}.abc123.{node}.use1.cache.amazonaws.com", "Port": self.port}

    def shown(self, with_nodes: bool = False) -> dict[str, Any]:
        """Return the cluster in AWS's shape."""
        found = in_shape(
            "cluster",
            self,
            EngineVersion=version_of(self.engine, self.settings.get("EngineVersion", "")).full,
            NumCacheNodes=len(self.zones),
            PreferredAvailabilityZone="Multiple" if len(set(self.zones)) > 1 else self.zones[0],
            PendingModifiedValues=some(self.pending, PENDING),
            ReplicationGroupId=self.group or None,
            CacheParameterGroup=self.parameters.shown(),
            AuthTokenEnabled="AuthToken" in self.settings,
            SecurityGroups=[
                {"SecurityGroupId": each, "Status": "active"}
                for each in self.settings["SecurityGroupIds"]
            ],
            **some(self.settings, SHOWN_OF_CLUSTER),
        )
        if self.engine == "memcached" and self.status != "creating":
            found["ConfigurationEndpoint"] = self.endpoint("cfg")
        if with_nodes and self.status != "creating":
            found["CacheNodes"] = list(map(self._node, self.nodes, self.zones))
        return found

    def _node(self, node: str, zone: str) -> dict[str, Any]:
        is_busy = self.status == "rebooting cluster nodes"
        return {
            "CacheNodeId": node,
            "CacheNodeStatus": "rebooting" if is_busy else "available",
            "CacheNodeCreateTime": self.created,
            "Endpoint": self.endpoint(node),
            "CustomerAvailabilityZone": zone,
            "ParameterGroupStatus": self.parameters.shown()["ParameterApplyStatus"],
        }


class Clusters(Register[CacheCluster]):
    """The clusters; each gets its parameters when it is entered."""

    def __init__(self, groups: Register[ParameterGroup], calendar: Calendar) -> None:
        super().__init__("cluster")
        self.groups, self.calendar = groups, calendar

    def add(self, resource: CacheCluster, tags: dict[str, str] | None = None) -> CacheCluster:
        """Enter a new cluster: its nodes begin with the values of now."""
        resource.parameters = InUse(resource, self.groups, self.calendar)
        resource.parameters.restart(resource.nodes)
        return super().add(resource, tags)

    def using(self, member: str, value: str) -> list[CacheCluster]:
        """Return the clusters that have a value of a setting."""
        return [each for each in self if each.settings.get(member) == value]


class CacheClusters(ParameterGroups, SubnetGroups):
    """The operations on cache clusters."""

    def __init__(self, account: Any) -> None:
        super().__init__(account)
        self.clusters: Clusters = Clusters(self.parameter_groups, account.calendar)

    def CreateCacheCluster(self, request: dict[str, Any]) -> dict[str, Any]:
        """Begin to make a cluster; it is available some minutes later."""
        settings, tags = taken(self, request, "cluster", CLUSTER), tags_of(request)
        name = identifier(request["CacheClusterId"], "CacheClusterId")
        engine, nodes = request.get("Engine", "redis"), request.get("NumCacheNodes", 1)
        refuse_if(engine not in PORTS, "cache engine", engine)
        self.complete(settings, engine)
        in_range("NumCacheNodes", nodes, 1, MOST_NODES)
        is_pool = engine == "memcached"
        refuse_if(not is_pool and nodes != 1, "one redis")
        group = self.fit(settings, engine, is_sharded=False)
        refuse_if(group.has_clusters, "cluster mode", "disabled", "enabled")
        known = self.subnet_groups.find(settings["CacheSubnetGroupName"]).zones
        zones, arn = cluster_zones(request, is_pool, nodes, known), self.arn(f"cluster:{name}")
        made = CacheCluster(name, engine, settings, self.date, arn, zones)
        self.clusters.add(made, tags)
        self.later("create cluster", self.opened, made)
        return {"CacheCluster": made.shown()}

    def complete(self, settings: dict[str, Any], engine: str) -> None:
        """Fill in settings that the service chooses: its windows."""

    def opened(self, cluster: CacheCluster) -> None:
        """Let a cluster be available: its nodes run from now on, with the parameters of now."""
        cluster.status = "available"
        cluster.parameters.restart(cluster.nodes)
        self.rent(cluster)
        self.tell("cluster created", cluster.id, topic=cluster.topic)
        if not cluster.parameters.group.is_default:
            self.tell("parameter group used", cluster.id, cluster.parameters.group.id)
        for node, zone in zip(cluster.nodes, cluster.zones, strict=True):
            self.tell("node added", cluster.id, node, zone)

    def rent(self, cluster: CacheCluster, nodes: list[str] | None = None) -> None:
        """Pay for the nodes of a cluster, or for some of them, from now on."""
        for name in cluster.rented(nodes):
            self.account.bill.begin(name, cluster.node_type, self.now)

    def give_back(self, cluster: CacheCluster, nodes: list[str] | None = None) -> None:
        """Pay for them until now."""
        for name in cluster.rented(nodes):
            self.account.bill.end(name, self.now)

    def DescribeCacheClusters(self, request: dict[str, Any]) -> dict[str, Any]:
        """List clusters; their nodes only with ShowCacheNodeInfo."""
        name = request.get("CacheClusterId")
        chosen = [self.clusters.find(name)] if name else list(self.clusters)
        with_nodes = request.get("ShowCacheNodeInfo", False)
        shown = [{**each.shown(with_nodes), **self.notification(each.topic)} for each in chosen]
        return page(shown, request, "CacheClusters")

    def DeleteCacheCluster(self, request: dict[str, Any]) -> dict[str, Any]:
        """Begin to remove a cluster with its data."""
        found = self.alone(request["CacheClusterId"], "restore-failed")
        self.later("delete", self.closed, found, after=self.before_deletion(found, request))
        found.status = "deleting"
        return {"CacheCluster": found.shown()}

    def before_deletion(self, resource: Any, request: dict[str, Any]) -> float:
        """Begin what comes first, and return its seconds; snapshots.py takes a last snapshot."""
        return 0.0

    def closed(self, cluster: CacheCluster) -> None:
        """Let a cluster be gone."""
        self.clusters.remove(cluster)
        self.give_back(cluster)
        self.tell("cluster deleted", cluster.id, topic=cluster.topic)

    def alone(self, name: str, *also: str) -> CacheCluster:
        """Return an available cluster, or one in another such state, that is no member of a group."""
        found = self.clusters.ready(name, *also)
        refuse_if(found.group, "in a group", found.id, found.group)
        return found

    # what goes on

    def draw(self, *steps: str) -> float:
        """Return the seconds that steps take this time, one after the other."""
        return sum(map(self.account.timings.draw, steps))

    def order(self, node: str, what: str, lasts: float = 0.0, **more: Any) -> None:
        """Order that something happens to a node now."""
        self.account.orders.order(Order(self.now, node, what, lasts, **more))

    def busy(
        self, owner: Any, lasts: float, call: Callable[..., object] = bool, *args: Any,
        state: str = "modifying",
    ) -> None:  # fmt: skip
        """Let a group or a cluster be in a state for some seconds; then make a call.

        It is available then, if the call begins nothing more, and nothing else is under way.
        """
        owner.works.append(state)
        owner.status = state
        self.account.calendar.at(lasts, partial(self._over, owner, state, partial(call, *args)))

    def _over(self, owner: Any, state: str, call: Callable[[], object]) -> None:
        owner.works.remove(state)
        call()
        if owner.status != "deleting":
            owner.status = ["available", *owner.works][-1]


def cluster_zones(
    request: dict[str, Any], is_pool: bool, count: int, zones: list[str]
) -> list[str]:
    """Return the zone of each node of a cluster.

    >>> cluster_zones({"AZMode": "cross-az"}, True, 3, ["a", "b"])
    ['a', 'b', 'a']
    >>> cluster_zones({}, True, 3, ["a", "b"])
    ['a', 'a', 'a']
    """
    mode, several = request.get("AZMode", ""), request.get("PreferredAvailabilityZones", [])
    one, is_cross = request.get("PreferredAvailabilityZone", ""), mode == "cross-az"
    refuse_if(not is_pool and (mode or several), "zones of a pool")
    refuse_if(is_cross and count < 2, "cross zones")
    usual = in_turn(zones, count) if is_cross and not one else [one or zones[0]] * count
    found = named_zones(several or usual, count, zones, "The request")
    refuse_if(mode and is_cross != (len(set(found)) > 1), "zone mode", mode, ", ".join(found))
    return found
