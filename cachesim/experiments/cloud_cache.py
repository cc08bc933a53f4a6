"""The nodes of the managed service as caches of the model: their parameters and node types decide.

The column `here` of the service's parameters.csv says what a parameter changes. A change during a run
reaches the engines at its moment, by CONFIG SET.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from cachesim.engines.memcached.engine import Memcached
from cachesim.engines.redis.engine import Redis
from cachesim.experiments.cloud_fleet import Nodes, Target
from cachesim.model.events import Steps
from cachesim.model.faults.base import Fault
from cachesim.model.faults.credits import ExhaustCredits
from cachesim.model.node import FORK, Node
from cachesim.model.unreliable.system import UnreliableSystem
from cachesim.model.workload import Synthetic
from cachesim.node_types import NodeType
from cachesim.scenario import Scenario
from cachesim.service.account import Account
from cachesim.service.elasticache.auth import speaks_tls
from cachesim.service.elasticache.parameter_table import KINDS, parameters_of
from cachesim.units import MIB

FIELD = "field "
MARGIN = 10  # commands of a request, at most, where a run is said to need little
RESERVED = "reserved-memory-percent"


class SetParameters(Fault):
    """Somebody changes parameters of the running engines, all nodes at once.

    >>> SetParameters(at=5.0, values=(("maxmemory-policy", "allkeys-lru"),)).window
    (5.0, 5.0)
    """

    values: tuple[tuple[str, str], ...] = ()

    def play(self, system: UnreliableSystem) -> Steps:
        """Change them at the moment."""
        yield system.until(self.at)
        for tier in system.caches:
            for name, value in self.values:
                tier.engine.execute(("CONFIG", "SET", name, value))


def bare(node_type: NodeType, engine: str, scale: float) -> Redis | Memcached:
    """Describe a node of a type that nobody has configured."""
    memory = int(node_type.usable * scale)
    return Memcached(memory=max(MIB, memory)) if engine == "memcached" else Redis(memory=memory)


def cache_of(nodes: Nodes, scale: float, begin: float) -> Redis | Memcached:
    """Describe one node as it is at a moment; `scale` divides its memory."""
    if nodes.parameters is None:
        return bare(nodes.node_type, nodes.engine, scale)
    values, table = nodes.parameters.values(begin), parameters_of(nodes.parameters.group.family)
    fields = {
        row.here.removeprefix(FIELD): KINDS[row.type](values[name])
        for name, row in table.items()
        if row.here.startswith(FIELD)
    }
    if nodes.engine == "memcached":
        return _memcached(nodes, scale, values, fields)
    return Redis(memory=memory_of(nodes, scale, values), **fields)


def node_of(resource: Target, scale: float) -> Node:
    """Describe how fast a node is; a fork takes as long as it would with the whole memory."""
    node = Node(fork=FORK / scale, disk=Node().disk * scale)
    return node.with_tls() if speaks_tls(resource) else node


def memory_of(nodes: Nodes, scale: float, values: dict[str, str]) -> int:
    """Compute the bytes of a node that keys may take."""
    whole = nodes.node_type.maxmemory
    if nodes.engine == "memcached":
        own = whole - int(values["memcached_connections_overhead"]) * MIB
        return max(MIB, int(own * scale))  # it has one page at least
    return int(whole * (100 - int(values[RESERVED])) / 100 * scale)


def _memcached(
    nodes: Nodes, scale: float, values: dict[str, str], fields: dict[str, Any]
) -> Memcached:
    is_modern = values.get("no_modern", "0") == "0"
    return Memcached(
        memory=memory_of(nodes, scale, values),
        threads=nodes.node_type.vcpu,
        segmented=is_modern or values["lru_maintainer"] == "1",
        automove=values["slab_automove"] != "0" and (is_modern or values["slab_reassign"] == "1"),
        use_cas=values["cas_disabled"] == "0",
        **fields,
    )


def changes_of(nodes: Nodes, scale: float, begin: float, end: float) -> tuple[Fault, ...]:
    """Return the parameters that only CONFIG SET can change, and what changes during a run."""
    if nodes.parameters is None or nodes.engine == "memcached":
        return ()  # nothing that has an effect here changes without a restart
    values, table = nodes.parameters.values(begin), parameters_of(nodes.parameters.group.family)
    first = {
        name: values[name]
        for name, row in table.items()
        if row.here == "config" and values[name] != row.value
    }
    later = [
        (when, {name: value for name, value in changed.items() if table[name].here})
        for when, changed in nodes.parameters.changes(begin, end)
    ]
    return tuple(
        SetParameters(at=max(0.0, when - begin), values=_for_engine(nodes, scale, changed))
        for when, changed in [(begin, first), *later]
        if changed
    )


def _for_engine(nodes: Nodes, scale: float, changed: dict[str, str]) -> tuple[tuple[str, str], ...]:
    """Name the engine's own parameters."""
    known = {name: value for name, value in changed.items() if name != RESERVED}
    if RESERVED in changed:
        known["maxmemory"] = str(memory_of(nodes, scale, changed))
    return tuple(sorted(known.items()))


def credits_of(account: Account, nodes: Nodes, scenario: Scenario, begin: float) -> Iterator[Fault]:
    """Yield the CPU credits that nodes of the T family have when a run begins; without any they are slow.

    SIMPLIFIED: a node that joins during the run has no credits to lose. Nodes of a run that needs far
    less than their baseline are not watched, because they cannot lose any.
    """
    standing = account.desk("cloudwatch").standing.nodes
    kind: Any = nodes.node_type.name
    if MARGIN * _needed(scenario) < nodes.node_type.core:
        return
    for name, own in nodes.names.items():
        if own in standing and standing[own].burns:
            yield ExhaustCredits(node=name, node_type=kind, balance=standing[own].balance(begin))


def _needed(scenario: Scenario) -> float:
    """Estimate how many cores the requests keep busy, with one command each; inf: unknown."""
    node, workload = scenario.node, scenario.workload
    if not isinstance(workload, Synthetic):
        return math.inf
    work = node.service.mean + node.per_byte * workload.size.mean
    return workload.arrivals(1.0) * work or math.inf
