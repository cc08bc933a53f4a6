"""Cache clusters: one node of Redis, or up to 40 nodes of Memcached."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from itertools import count, islice
from typing import Any

from cachesim.node_types import NodeType, node_type
from cachesim.service.calendar import Calendar
from cachesim.service.elasticache.checks import identifier, in_range
from cachesim.service.elasticache.parameter_table import version_of
from cachesim.service.elasticache.parameters import InUse, ParameterGroup, ParameterGroups
from cachesim.service.elasticache.placement import cluster_zones
from cachesim.service.elasticache.settings import taken
from cachesim.service.elasticache.subnets import SubnetGroups
from cachesim.service.faults import ServiceFault, bad_combination, bad_value, refuse_if
from cachesim.service.orders import Order
from cachesim.service.pages import page
from cachesim.service.register import Register
from cachesim.service.tags import tags_of

PORTS = {"redis": 6379, "valkey": 6379, "memcached": 11211}
VALKEY = 0.8  # of the price of a node of Redis
PENDING = ("CacheNodeType", "NumCacheNodes", "CacheNodeIdsToRemove", "EngineVersion")  # as shown
MOST_NODES = 40  # of a Memcached cluster
SHOWN = ("SnapshotRetentionLimit", "SnapshotWindow")  # settings that stand in an answer as they are
CLUSTER = (  # of a request, besides the settings
    "CacheClusterId Engine NumCacheNodes AZMode PreferredAvailabilityZone "
    "PreferredAvailabilityZones Tags"
)


@dataclass
class CacheCluster:
    """A cache cluster; a member of a replication group has its name in `group`, and its settings."""

    id: str
    engine: str
    settings: dict[str, Any]
    zones: list[str]  # of each node
    created: datetime
    arn: str
    group: str = ""
    status: str = "creating"
    parameters: InUse = field(init=False)
    pending: dict[str, Any] = field(default_factory=dict)  # what waits for the window
    gone: set[str] = field(default_factory=set)  # names of nodes that have left
    works: list[str] = field(default_factory=list)  # the states of what is under way

    @property
    def node_type(self) -> NodeType:
        """What its nodes are, and at what price."""
        found = node_type(self.settings["CacheNodeType"])
        return found.replace(price=VALKEY * found.price) if self.engine == "valkey" else found

    @property
    def topic(self) -> str:
        """The ARN of the topic that hears of it; empty if none does."""
        found: str = self.settings.get("NotificationTopicArn", "")
        return found

    @property
    def port(self) -> int:
        """The port of its nodes."""
        found: int = self.settings.get("Port", PORTS[self.engine])
        return found

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
        found = {
            "CacheClusterId": self.id,
            "CacheClusterStatus": self.status,
            "CacheNodeType": self.node_type.name,
            "Engine": self.engine,
            "EngineVersion": version_of(self.engine, self.settings.get("EngineVersion", "")).full,
            "NumCacheNodes": len(self.zones),
            "PreferredAvailabilityZone": "Multiple" if len(set(self.zones)) > 1 else self.zones[0],
            "CacheClusterCreateTime": self.created,
            "ARN": self.arn,
            "PendingModifiedValues": {
                name: self.pending[name] for name in PENDING if name in self.pending
            },
            "PreferredMaintenanceWindow": self.settings.get("PreferredMaintenanceWindow"),
            **{name: self.settings[name] for name in SHOWN if name in self.settings},
            **self._network(),
        }
        if self.group:
            found["ReplicationGroupId"] = self.group
        if self.engine == "memcached" and self.status != "creating":
            address = f"{self.id}.abc123.cfg.use1.cache.amazonaws.com"
            found["ConfigurationEndpoint"] = {"Address": address, "Port": self.port}
        if with_nodes and self.status != "creating":
            found["CacheNodes"] = [self._node(node, zone) for node, zone in self._placed()]
        return found

    def _network(self) -> dict[str, Any]:
        """Return in AWS's shape what the nodes are configured with, and who may reach them."""
        groups = self.settings["SecurityGroupIds"]
        return {
            "CacheParameterGroup": self.parameters.shown(),
            "AuthTokenEnabled": "AuthToken" in self.settings,
            "CacheSubnetGroupName": self.settings["CacheSubnetGroupName"],
            "SecurityGroups": [{"SecurityGroupId": each, "Status": "active"} for each in groups],
        }

    def _placed(self) -> list[tuple[str, str]]:
        return list(zip(self.nodes, self.zones, strict=True))

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
        made = self._cluster_of(request)
        self.clusters.add(made, tags_of(request))
        self.account.calendar.at(
            self.account.timings.draw("create cluster"), lambda: self.opened(made)
        )
        return {"CacheCluster": made.shown()}

    def _cluster_of(self, request: dict[str, Any]) -> CacheCluster:
        settings = taken(self, request, "cluster", CLUSTER)
        name = identifier(request["CacheClusterId"], "CacheClusterId")
        engine = request.get("Engine", "redis")
        if engine not in PORTS:
            raise bad_value(f"Invalid cache engine {engine}; choose redis, valkey or memcached.")
        self.complete(settings, engine)
        nodes = in_range(request, "NumCacheNodes", 1, MOST_NODES, 1)
        if engine != "memcached" and nodes != 1:
            raise bad_combination(
                "Cannot create a Redis cluster with a NumCacheNodes parameter greater than 1."
            )
        group = self.fit(settings, engine, is_sharded=False)
        refuse_if(group.has_clusters, "cluster mode", "disabled", "enabled")
        zones = self.subnet_groups.find(settings["CacheSubnetGroupName"]).zones
        return CacheCluster(
            name,
            engine,
            settings,
            cluster_zones(request, engine, nodes, zones),
            self.account.calendar.date,
            self.account.arn("elasticache", f"cluster:{name}"),
        )

    def complete(self, settings: dict[str, Any], engine: str) -> None:
        """Fill in settings that the service chooses; automatic.py chooses one."""

    def opened(self, cluster: CacheCluster) -> None:
        """Let a cluster be available: its nodes run from now on, with the parameters of now."""
        cluster.status = "available"
        cluster.parameters.restart(cluster.nodes)
        for node in cluster.rented():
            self.account.bill.begin(node, cluster.node_type, self.account.calendar.now)
        self.tell("cluster created", cluster.id, topic=cluster.topic)
        if not cluster.parameters.group.is_default:
            self.tell("parameter group used", cluster.id, cluster.parameters.group.id)
        for node, zone in zip(cluster.nodes, cluster.zones, strict=True):
            self.tell("node added", cluster.id, node, zone)

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
        lasts = self.before_deletion(found, request) + self.account.timings.draw("delete")
        found.status = "deleting"
        self.account.calendar.at(lasts, lambda: self.closed(found))
        return {"CacheCluster": found.shown()}

    def before_deletion(self, resource: Any, request: dict[str, Any]) -> float:
        """Begin what comes first, and return its seconds; snapshots.py takes a last snapshot."""
        return 0.0

    def closed(self, cluster: CacheCluster) -> None:
        """Let a cluster be gone: its nodes are paid until now."""
        self.clusters.remove(cluster)
        for node in cluster.rented():
            self.account.bill.end(node, self.account.calendar.now)
        self.tell("cluster deleted", cluster.id, topic=cluster.topic)

    def RebootCacheCluster(self, request: dict[str, Any]) -> dict[str, Any]:
        """Restart nodes of a cluster. What they held is gone."""
        found = self.clusters.ready(request["CacheClusterId"])
        self.check_reboot(found)
        nodes = request["CacheNodeIdsToReboot"]
        for node in nodes:
            if node not in found.nodes:
                raise ServiceFault("CacheNodeNotFoundFault", f"CacheNode {node} not found.")
        found.parameters.restart(nodes)
        for node in nodes:
            self.tell("node shut down", found.id, node)
        lasts = self.account.timings.draw("reboot")
        for name in found.rented(nodes):
            self.account.orders.order(Order(self.account.calendar.now, name, "reboot", lasts))
        self.lose(found)
        self.busy(found, lasts, self._restarted, found, nodes, state="rebooting cluster nodes")
        return {"CacheCluster": found.shown(with_nodes=True)}

    def check_reboot(self, cluster: CacheCluster) -> None:
        """Refuse a reboot that the service does not do; groups.py knows of one."""

    def lose(self, cluster: CacheCluster) -> None:
        """Note that what a cluster held is gone; replacements.py knows of groups."""

    def _restarted(self, cluster: CacheCluster, nodes: list[str]) -> None:
        for node in nodes:
            self.tell("node restarted", cluster.id, node, topic=cluster.topic)

    def busy(
        self, owner: Any, lasts: float, call: Callable[..., object] = bool, *args: Any,
        state: str = "modifying",
    ) -> None:  # fmt: skip
        """Let a group or a cluster be in a state for some seconds; then make a call.

        It is available then, if the call begins nothing more, and nothing else is under way.
        """
        owner.works.append(state)
        owner.status = state
        self.account.calendar.at(lasts, lambda: self._over(owner, state, partial(call, *args)))

    def _over(self, owner: Any, state: str, call: Callable[[], object]) -> None:
        owner.works.remove(state)
        call()
        if owner.status != "deleting":
            owner.status = ["available", *owner.works][-1]

    def alone(self, name: str, *also: str) -> CacheCluster:
        """Return an available cluster, or one in another such state, that is no member of a group."""
        found = self.clusters.ready(name, *also)
        if found.group:
            raise ServiceFault(
                "InvalidCacheClusterStateFault",
                f"Cache cluster {found.id} is a member of the replication group {found.group}.",
            )
        return found
