"""Parameter groups: what engines are configured with, and the nodes that have it.

A change reaches the nodes some seconds later, or with their next start if it needs one.
"""

import math
from dataclasses import dataclass, field
from typing import Any

from cachesim.service.calendar import Calendar
from cachesim.service.elasticache.checks import identifier
from cachesim.service.elasticache.parameter_table import ParameterRow, families, parameters_of
from cachesim.service.elasticache.versions import EngineVersions, version_of
from cachesim.service.faults import ServiceFault, bad_combination, bad_value
from cachesim.service.pages import page
from cachesim.service.register import Register
from cachesim.service.tags import tags_of

MOST = 20  # parameters of a call
MEMBER = "CacheParameterGroupName"
SOURCES = ("user", "system", "engine-default")
SPECIFIC = "CacheNodeTypeSpecificValues"
MANY = f"Cannot modify more than {MOST} parameters in a single request"
USED = "One or more cache clusters are still members of this parameter group {}, so the group cannot be deleted."
CLUSTER_MODE = "Cluster mode should be {} in parameter group, but found it is {}."


@dataclass
class ParameterGroup:
    """A parameter group, with the values that a user has set."""

    id: str
    family: str
    text: str
    arn: str
    given: dict[str, str] = field(default_factory=dict)  # by AWS, to default groups
    changes: list[tuple[float, dict[str, str]]] = field(default_factory=list)  # when, values then
    status: str = "available"

    def own(self, now: float = math.inf) -> dict[str, str]:
        """Return the values that a user has set, as the nodes have them at a moment."""
        return next((own for when, own in reversed(self.changes) if when <= now), {})

    def values(self, now: float = math.inf) -> dict[str, str]:
        """Return all values as the nodes have them at a moment."""
        usual = {row.name: row.value for row in parameters_of(self.family).values()}
        return {**usual, **self.given, **self.own(now)}

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
        return {
            MEMBER: self.id,
            "CacheParameterGroupFamily": self.family,
            "Description": self.text,
            "IsGlobal": False,
            "ARN": self.arn,
        }


class InUse:
    """The parameters that the nodes of one cluster have."""

    def __init__(self, cluster: Any, groups: Register[ParameterGroup], calendar: Calendar) -> None:
        self.cluster, self.groups, self.calendar = cluster, groups, calendar
        self.started: dict[str, dict[str, str]] = {}  # node -> the values with which it began

    @property
    def group(self) -> ParameterGroup:
        """The group that the cluster has now."""
        usual = f"default.{version_of(self.cluster.engine).family}"
        return self.groups.find(self.cluster.settings.get(MEMBER, usual))

    def restart(self, nodes: list[str]) -> None:
        """Let nodes begin with all that the group has."""
        self.started.update(dict.fromkeys(nodes, self.group.values()))

    def _slow(self, values: dict[str, str]) -> dict[str, str]:
        """Return the values that need a restart."""
        table = parameters_of(self.group.family)
        return {
            name: value
            for name, value in values.items()
            if name in table and table[name].change == "requires-reboot"
        }

    def waiting(self) -> list[str]:
        """Return the nodes that need a restart."""
        wanted = self._slow(self.group.values())
        begun = {node: self.started.get(node, wanted) for node in self.cluster.nodes}
        return [node for node, values in begun.items() if self._slow(values) != wanted]

    def values(self, when: float) -> dict[str, str]:
        """Return the values of the nodes at a moment; new ones count when no node waits any more."""
        node = [*self.waiting(), *self.cluster.nodes][0]
        return self.group.values(when) | self._slow(self.started.get(node, {}))

    def changes(self, begin: float, end: float) -> list[tuple[float, dict[str, str]]]:
        """Return the changes at the nodes between two moments: (when, values)."""
        found, before = [], self.values(begin)
        for when in sorted(when for when, _ in self.group.changes if begin < when < end):
            after = self.values(when)
            found.append((when, dict(after.items() - before.items())))
            before = after
        return found

    def shown(self) -> dict[str, Any]:
        """Return it in AWS's shape."""
        behind = self.waiting()
        is_late = any(when > self.calendar.now for when, _ in self.group.changes)
        status = "applying" if is_late else "pending-reboot" if behind else "in-sync"
        return {
            MEMBER: self.group.id,
            "ParameterApplyStatus": status,
            "CacheNodeIdsToReboot": behind,
        }


class ParameterGroups(EngineVersions):
    """The operations on parameter groups."""

    def __init__(self, account: Any) -> None:
        super().__init__(account)
        self.parameter_groups: Register[ParameterGroup] = Register("parameter group")
        for family in families().values():
            self._add_default(family.name, "", f"Default parameter group for {family.name}")
            if family.has_clusters:
                about = f"Customized default parameter group for {family.name} with cluster mode on"
                self._add_default(family.name, ".cluster.on", about)

    def _add_default(self, family: str, mode: str, about: str) -> None:
        name = f"default.{family}{mode}"
        arn = self.account.arn("elasticache", f"parametergroup:{name}")
        given = {"cluster-enabled": "yes"} if mode else {}
        self.parameter_groups.add(ParameterGroup(name, family, about, arn, given))

    def using(self, member: str, value: str) -> list[Any]:
        """Return the clusters that have a value of a setting; clusters.py knows them."""
        return []

    def CreateCacheParameterGroup(self, request: dict[str, Any]) -> dict[str, Any]:
        """Make a group with the values that its family usually has."""
        name, family = (
            identifier(request[MEMBER], MEMBER, 255),
            request["CacheParameterGroupFamily"],
        )
        parameters_of(family)
        arn = self.account.arn("elasticache", f"parametergroup:{name}")
        made = ParameterGroup(name, family, request["Description"], arn)
        self.parameter_groups.add(made, tags_of(request))
        return {"CacheParameterGroup": made.shown()}

    def DescribeCacheParameterGroups(self, request: dict[str, Any]) -> dict[str, Any]:
        """List groups, also AWS's own."""
        return self.parameter_groups.described(request)

    def DeleteCacheParameterGroup(self, request: dict[str, Any]) -> dict[str, Any]:
        """Remove a group that no cluster has."""
        found = self._own(request, "deleted")
        if self.using(MEMBER, found.id):
            raise ServiceFault("InvalidCacheParameterGroupStateFault", USED.format(found.id))
        self.parameter_groups.remove(found)
        return {}

    def ModifyCacheParameterGroup(self, request: dict[str, Any]) -> dict[str, Any]:
        """Set values: all of them, or none if one of them cannot be set."""
        found = self._own(request, "modified")
        wanted = {
            each.get("ParameterName", ""): each.get("ParameterValue", "")
            for each in request["ParameterNameValues"]
        }
        if not wanted:
            raise bad_value("Name at least one parameter to modify.")
        if len(wanted) > MOST:
            raise bad_combination(MANY)
        self._check(found, wanted)
        return self._change(found, {**found.own(), **wanted}, wanted)

    def ResetCacheParameterGroup(self, request: dict[str, Any]) -> dict[str, Any]:
        """Set values back to those of the family."""
        found = self._own(request, "reset")
        named = [each.get("ParameterName", "") for each in request.get("ParameterNameValues", [])]
        if bool(named) == bool(request.get("ResetAllParameters")):
            raise bad_combination("Give either ResetAllParameters or names of parameters.")
        usual = {row.name: row.value for row in parameters_of(found.family).values()}
        own, names = found.own(), named or list(found.own())
        wanted = {name: usual.get(name, "") for name in names}
        self._check(found, wanted)
        kept = {name: value for name, value in own.items() if name not in names}
        return self._change(found, kept, wanted)

    def _own(self, request: dict[str, Any], what: str) -> ParameterGroup:
        """Return a group that is not one of AWS's own."""
        found = self.parameter_groups.find(request[MEMBER])
        if found.is_default:
            raise ServiceFault(
                "InvalidCacheParameterGroupStateFault",
                f"The default parameter group {found.id} cannot be {what}; create one of your own.",
            )
        return found

    def _check(self, group: ParameterGroup, wanted: dict[str, str]) -> None:
        table = parameters_of(group.family)
        for name, value in wanted.items():
            if name not in table:
                raise bad_value(f"The parameter {name} is not one of the family {group.family}.")
            table[name].check(value, bool(self.using(MEMBER, group.id)))

    def _change(
        self, group: ParameterGroup, own: dict[str, str], wanted: dict[str, str]
    ) -> dict[str, Any]:
        """Let the nodes have new values some seconds from now, and tell of it then."""
        lasts = self.account.timings.draw("parameters applied")
        group.changes.append((self.account.calendar.now + lasts, own))
        self.account.calendar.at(lasts, lambda: self._applied(group, wanted))
        return {MEMBER: group.id}

    def _applied(self, group: ParameterGroup, wanted: dict[str, str]) -> None:
        for cluster in self.using(MEMBER, group.id):
            for name, value in wanted.items():
                self.tell("parameter updated", cluster.id, name, value, topic=cluster.topic)

    def DescribeCacheParameters(self, request: dict[str, Any]) -> dict[str, Any]:
        """List the parameters of a group, all of them or those of one source."""
        found, source = self.parameter_groups.find(request[MEMBER]), request.get("Source", "")
        if source and source not in SOURCES:
            raise bad_value(f"The Source must be one of {', '.join(SOURCES)}, got {source}.")
        own, values = found.own(), found.values()
        table = [
            row.shown(values[name], "user" if name in own else "system")
            for name, row in parameters_of(found.family).items()
        ]
        return listed([each for each in table if source in ("", each["Source"])], request)

    def DescribeEngineDefaultParameters(self, request: dict[str, Any]) -> dict[str, Any]:
        """List the parameters of a family."""
        family = request["CacheParameterGroupFamily"]
        table: list[ParameterRow] = list(parameters_of(family).values())
        found = listed([row.shown(row.value, "system") for row in table], request)
        return {"EngineDefaults": {"CacheParameterGroupFamily": family, **found}}

    def fit(self, settings: dict[str, Any], engine: str, is_sharded: bool) -> ParameterGroup:
        """Choose the version and the parameter group of new nodes, and return the group.

        A family that does not fit the version is refused.
        """
        version = version_of(engine, settings.get("EngineVersion", ""))
        settings["EngineVersion"] = version.version
        mode = ".cluster.on" if is_sharded else ""
        name = settings.setdefault(MEMBER, f"default.{version.family}{mode}")
        group = self.parameter_groups.find(name)
        if group.family != version.family:
            raise bad_combination(
                f"Expected a parameter group of family {version.family} "
                f"but found one of family {group.family}"
            )
        return group

    def cluster_mode(
        self, settings: dict[str, Any], request: dict[str, Any], sized: tuple[bool, int, int]
    ) -> tuple[bool, int, int]:
        """Return whether a new group is sharded, its shards, and the members of each.

        A parameter group that the request names decides about the first.
        """
        is_sharded, shards, members = sized
        group = self.fit(settings, request.get("Engine", "redis"), is_sharded)
        if is_sharded and not group.has_clusters and shards > 1:
            raise bad_combination(CLUSTER_MODE.format("enabled", "disabled"))
        if group.has_clusters and "NumCacheClusters" in request:
            raise bad_combination(CLUSTER_MODE.format("disabled", "enabled"))
        return group.has_clusters, shards, members if is_sharded == group.has_clusters else 2


def listed(table: list[dict[str, Any]], request: dict[str, Any]) -> dict[str, Any]:
    """Return a page of parameters; those that depend on the node type have a list of their own."""
    found = page(table, request, "Parameters")
    here = found["Parameters"]
    specific = [each for each in here if SPECIFIC in each]
    plain = [each for each in here if SPECIFIC not in each]
    return {**found, "Parameters": plain, "CacheNodeTypeSpecificParameters": specific}
