"""Parameter groups: what engines are configured with, and the nodes that have it.

A change reaches the nodes some seconds later, or with their next start if it needs one.
"""

import math
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from cachesim.service.calendar import Calendar
from cachesim.service.checks import identifier
from cachesim.service.elasticache.events import Events
from cachesim.service.elasticache.parameter_table import (
    SPECIFIC,
    families,
    parameters_of,
    version_of,
    versions,
)
from cachesim.service.faults import refuse_if
from cachesim.service.pages import page
from cachesim.service.register import Register
from cachesim.service.tables import in_shape
from cachesim.service.tags import tags_of

MOST = 20  # parameters of a call
MEMBER, FAMILY = "CacheParameterGroupName", "CacheParameterGroupFamily"
SOURCES = ("user", "system", "engine-default")
CLUSTER_ON = ".cluster.on"  # ends the name of a default group with the cluster mode
DEFAULTS = {  # the end of a name -> what the group says of itself
    "": "Default parameter group for {}",
    CLUSTER_ON: "Customized default parameter group for {} with cluster mode on",
}

Values = dict[str, str]  # by the names of parameters
Sizes = tuple[bool, int, int]  # of a group: whether it is sharded, its shards, members of each


@dataclass
class ParameterGroup:
    """A parameter group, with the values that a user has set."""

    id: str
    family: str
    text: str = ""
    arn: str = ""
    changes: list[tuple[float, Values]] = field(default_factory=list)  # when, values then
    status: str = "available"

    def own(self, now: float = math.inf) -> Values:
        """Return the values that a user has set, as the nodes have them at a moment."""
        return next((own for when, own in reversed(self.changes) if when <= now), {})

    def values(self, now: float = math.inf) -> Values:
        """Return all values as the nodes have them at a moment."""
        usual = {row.name: row.value for row in parameters_of(self.family).values()}
        given = {"cluster-enabled": "yes"} if self.id.endswith(CLUSTER_ON) else {}
        return usual | given | self.own(now)

    def slow(self) -> Values:
        """Return the values that need a restart."""
        table, values = parameters_of(self.family), self.values()
        return {n: values[n] for n, row in table.items() if row.change == "requires-reboot"}

    @property
    def has_clusters(self) -> bool:
        """Whether it turns the cluster mode on."""
        return self.values().get("cluster-enabled") == "yes"

    @property
    def is_default(self) -> bool:
        """Whether it is one of AWS's own, which nobody can change."""
        return self.id.startswith("default.")

    def shown(self) -> dict[str, Any]:
        """Return the group in AWS's shape."""
        return in_shape("parameter group", self, IsGlobal=False)


@dataclass
class InUse:
    """The parameters that the nodes of one cluster have."""

    cluster: Any
    groups: Register[ParameterGroup]
    calendar: Calendar
    started: dict[str, Values] = field(default_factory=dict)  # node -> its slow values

    @property
    def group(self) -> ParameterGroup:
        """The group that the cluster has now."""
        return self.groups.find(self.cluster.settings[MEMBER])

    def restart(self, nodes: list[str]) -> None:
        """Let nodes begin with all that the group has."""
        self.started.update(dict.fromkeys(nodes, self.group.slow()))

    def waiting(self) -> list[str]:
        """Return the nodes that need a restart."""
        wanted = self.group.slow()
        return [node for node in self.cluster.nodes if self.started.get(node, wanted) != wanted]

    def values(self, when: float) -> Values:
        """Return the values of the nodes at a moment; new ones count when no node waits any more."""
        node = [*self.waiting(), *self.cluster.nodes][0]
        return self.group.values(when) | self.started.get(node, {})

    def changes(self, begin: float, end: float) -> list[tuple[float, Values]]:
        """Return the changes at the nodes between two moments: (when, values)."""
        moments = [begin, *sorted(when for when, _ in self.group.changes if begin < when < end)]
        pairs = pairwise((when, self.values(when)) for when in moments)
        return [(when, dict(new.items() - old.items())) for (_, old), (when, new) in pairs]

    def shown(self) -> dict[str, Any]:
        """Return it in AWS's shape."""
        behind = self.waiting()
        is_late = any(when > self.calendar.now for when, _ in self.group.changes)
        status = "applying" if is_late else "pending-reboot" if behind else "in-sync"
        told = {"ParameterApplyStatus": status, "CacheNodeIdsToReboot": behind}
        return {MEMBER: self.group.id, **told}


class ParameterGroups(Events):
    """The operations on parameter groups, and the list of the versions that they are for."""

    clusters: Any  # a register of clusters.py

    def __init__(self, account: Any) -> None:
        super().__init__(account)
        self.parameter_groups: Register[ParameterGroup] = Register("parameter group")
        for family, row in families().items():
            for end, text in DEFAULTS.items():
                if row["cluster mode"] == "yes" or not end:
                    name = f"default.{family}{end}"
                    self._enter_parameters(name, family, text.format(family), {})

    def _enter_parameters(self, name: str, family: str, text: str, tags: Values) -> ParameterGroup:
        made = ParameterGroup(name, family, text, self.arn(f"parametergroup:{name}"))
        return self.parameter_groups.add(made, tags)

    def DescribeCacheEngineVersions(self, request: dict[str, Any]) -> dict[str, Any]:
        """List versions of engines."""
        names = ("Engine", "EngineVersion", FAMILY)
        wanted = {name: request[name] for name in names if name in request}
        known = [v for v in versions() if v.default == "yes" or not request.get("DefaultOnly")]
        found = [each.shown() for each in known if wanted.items() <= each.shown().items()]
        return page(found, request, "CacheEngineVersions")

    def CreateCacheParameterGroup(self, request: dict[str, Any]) -> dict[str, Any]:
        """Make a group with the values that its family usually has."""
        name, family = identifier(request[MEMBER], MEMBER, 255), request[FAMILY]
        parameters_of(family)  # refuses a family that is none
        made = self._enter_parameters(name, family, request["Description"], tags_of(request))
        return {"CacheParameterGroup": made.shown()}

    def DeleteCacheParameterGroup(self, request: dict[str, Any]) -> dict[str, Any]:
        """Remove a group that no cluster has."""
        found = self._own(request, "deleted")
        refuse_if(self.clusters.using(MEMBER, found.id), "parameters in use", found.id)
        self.parameter_groups.remove(found)
        return {}

    def ModifyCacheParameterGroup(self, request: dict[str, Any]) -> dict[str, Any]:
        """Set values: all of them, or none if one of them cannot be set."""
        found = self._own(request, "modified")
        wanted = {
            each.get("ParameterName", ""): each.get("ParameterValue", "")
            for each in request["ParameterNameValues"]
        }
        refuse_if(not wanted, "no parameter named")
        refuse_if(len(wanted) > MOST, "parameters of a call", MOST)
        return self._change(found, found.own() | wanted, wanted)

    def ResetCacheParameterGroup(self, request: dict[str, Any]) -> dict[str, Any]:
        """Set values back to those of the family."""
        found = self._own(request, "reset")
        named = [each.get("ParameterName", "") for each in request.get("ParameterNameValues", [])]
        refuse_if(bool(named) == bool(request.get("ResetAllParameters")), "all or named")
        own, table = found.own(), parameters_of(found.family)
        back = {n: table[n].value if n in table else "" for n in named or own}
        return self._change(found, {n: own[n] for n in own if n not in back}, back)

    def _own(self, request: dict[str, Any], what: str) -> ParameterGroup:
        """Return a group that is not one of AWS's own."""
        found = self.parameter_groups.find(request[MEMBER])
        refuse_if(found.is_default, "default parameters", found.id, what)
        return found

    def _change(self, group: ParameterGroup, own: Values, wanted: Values) -> dict[str, Any]:
        """Let the nodes have new values some seconds from now, and tell of it then."""
        table, is_used = parameters_of(group.family), bool(self.clusters.using(MEMBER, group.id))
        for name, value in wanted.items():
            refuse_if(name not in table, "no parameter", name, group.family)
            table[name].check(value, is_used)
        lasts = self.later("parameters applied", self._applied, group, wanted)
        group.changes.append((self.now + lasts, own))
        return {MEMBER: group.id}

    def _applied(self, group: ParameterGroup, wanted: Values) -> None:
        for cluster in self.clusters.using(MEMBER, group.id):
            for name, value in wanted.items():
                self.tell("parameter updated", cluster.id, name, value, topic=cluster.topic)

    def DescribeCacheParameters(self, request: dict[str, Any]) -> dict[str, Any]:
        """List the parameters of a group, all of them or those of one source."""
        found, source = self.parameter_groups.find(request[MEMBER]), request.get("Source", "")
        refuse_if(source and source not in SOURCES, "source", ", ".join(SOURCES), source)
        return listed(found, request)

    def DescribeEngineDefaultParameters(self, request: dict[str, Any]) -> dict[str, Any]:
        """List the parameters of a family."""
        family = request[FAMILY]
        return {"EngineDefaults": {FAMILY: family, **listed(ParameterGroup("", family), request)}}

    def fit(self, settings: dict[str, Any], engine: str, is_sharded: bool) -> ParameterGroup:
        """Choose the version and the parameter group of new nodes, and return the group."""
        version = version_of(engine, settings.get("EngineVersion", ""))
        settings["EngineVersion"] = version.version
        usual = f"default.{version.family}{CLUSTER_ON if is_sharded else ''}"
        group = self.parameter_groups.find(settings.setdefault(MEMBER, usual))
        refuse_if(group.family != version.family, "other family", version.family, group.family)
        return group

    def cluster_mode(self, settings: Any, request: dict[str, Any], sized: Sizes) -> Sizes:
        """Return the sizes of a new group; a parameter group that the request names may change them."""
        is_sharded, shards, members = sized
        group = self.fit(settings, request.get("Engine", "redis"), is_sharded)
        needs = is_sharded and not group.has_clusters and shards > 1
        refuse_if(needs, "cluster mode", "enabled", "disabled")
        has = group.has_clusters and "NumCacheClusters" in request
        refuse_if(has, "cluster mode", "disabled", "enabled")
        return group.has_clusters, shards, members if is_sharded == group.has_clusters else 2


def listed(group: ParameterGroup, request: dict[str, Any]) -> dict[str, Any]:
    """Return a page of parameters; those that depend on the node type have a list of their own."""
    own, values, source = group.own(), group.values(), request.get("Source", "")
    table = [
        row.shown(values[name], "user" if name in own else "system")
        for name, row in parameters_of(group.family).items()
    ]
    found = page([e for e in table if source in ("", e["Source"])], request, "Parameters")
    here = found["Parameters"]
    found["CacheNodeTypeSpecificParameters"] = [each for each in here if SPECIFIC in each]
    return found | {"Parameters": [each for each in here if SPECIFIC not in each]}
