"""Meters: what every node of a run counts, read at each sample, for the metrics of CloudWatch."""

from collections.abc import Callable
from functools import partial
from typing import Any

from cachesim.engines.base import Command, Engine, EngineSpec
from cachesim.engines.counters import Counters, counters
from cachesim.experiments.cloud_fleet import Nodes
from cachesim.node_types import NodeType
from cachesim.records import FOLLOWER, PRIMARY, Record, SnapshotTaken
from cachesim.service.cloudwatch.series import MINUTE
from cachesim.service.cloudwatch.standing import Sample
from cachesim.theory.capacity import HEADER

SERVICE = 4  # connections of the service itself to each node: an assumption (4 to 6 are published)


class Traffic:
    """The commands that come to an engine by its plain calls, and the bytes of all of them.

    A command takes the bytes of its arguments and of one packet's headers; so does its reply.
    """

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.reads = self.writes = self.came = self.went = 0
        self.clients = 0
        for name in ("get", "set", "delete", "execute"):
            setattr(engine, name, getattr(self, f"_{name}")(getattr(engine, name)))

    def _get(self, ask: Callable[[str], bytes | None]) -> Callable[[str], bytes | None]:
        def get(key: str) -> bytes | None:
            self.reads += 1
            self.came += len(key) + HEADER
            value = ask(key)
            self.went += HEADER if value is None else len(value) + HEADER
            return value

        return get

    def _set(self, store: Callable[..., None]) -> Callable[..., None]:
        def set_(key: str, value: bytes, *ttl: Any, **named: Any) -> None:
            self.writes += 1
            self.came += len(key) + len(value) + HEADER
            self.went += HEADER
            store(key, value, *ttl, **named)

        return set_

    def _delete(self, remove: Callable[[str], bool]) -> Callable[[str], bool]:
        def delete(key: str) -> bool:
            self.writes += 1
            self.came += len(key) + HEADER
            self.went += HEADER
            return remove(key)

        return delete

    def _execute(self, run: Callable[[Command], Any]) -> Callable[[Command], Any]:
        def execute(command: Command) -> Any:
            self.came += length(command) + HEADER
            reply = run(command)
            self.went += length(reply) + HEADER
            return reply

        return execute


def length(value: Any) -> int:
    """Return the bytes of a command or a reply, without the words of the protocol.

    >>> length(("MGET", "a", "bc")), length([b"one", None]), length(7)
    (7, 3, 1)
    """
    if isinstance(value, list | tuple):
        return sum(map(length, value))
    if isinstance(value, str | bytes):
        return len(value)
    return 0 if value is None else len(str(value))


class Meter:
    """Reads what the nodes of a run count, at the run's own samples."""

    def __init__(self, nodes: Nodes, scale: float) -> None:
        self.nodes, self.scale = nodes, scale
        self.samples: list[Sample] = []
        self.crossed = 0  # bytes between zones

    def __call__(self, system: Any) -> None:
        """Begin to read the nodes of a system that has not run yet."""
        self.tiers: dict[str, Any] = {}
        self.traffic: dict[str, Traffic] = {}
        for tier in system.caches:
            self._hear(tier)
        look, connect = system.look, system.connect_cache

        def connect_cache(tier: Any, journey: Any) -> Any:
            self._hear(tier).clients += 1
            return connect(tier, journey)

        def look_twice(sample: Record, *nodes: Record) -> None:
            look(sample, *nodes)
            for tier in system.caches:
                self._hear(tier)
            self.crossed = sum(row[-1] for row in nodes)
            self.samples += [self._sample(row) for row in nodes if row[1] in self.nodes.names]

        system.connect_cache, system.look = connect_cache, look_twice

    def _hear(self, tier: Any) -> Traffic:
        """Count what comes to a node, also to one that joins during the run."""
        if tier.name not in self.traffic:
            self.tiers[tier.name], self.traffic[tier.name] = tier, Traffic(tier.engine)
        return self.traffic[tier.name]

    def _sample(self, row: Record) -> Sample:
        when, name, role, *_, busy, lag, _ = row
        tier, traffic = self.tiers[name], self.traffic[name]
        link = getattr(tier, "replica", None)
        found = {
            **_of_host(counters(tier.engine), self.nodes.node_type, self.scale),
            **_refused(tier.engine),
            "busy": busy,
            "host_busy": _worked(tier.station, when, busy) / self.nodes.node_type.vcpu,
            "lag": lag,
            "leads": float(role == PRIMARY),
            "linked": float(role == FOLLOWER and link is not None and link.was_cut is None),
            "saving": float(any(map(partial(_overlaps, when), tier.snapshots()))),
            "bytes_in": traffic.came,
            "bytes_out": traffic.went,
            "connected": traffic.clients,
            "connections": traffic.clients + SERVICE,
        }
        for kind, count in (("read_commands", traffic.reads), ("write_commands", traffic.writes)):
            found[kind] = found.get(kind, 0) + count
        return Sample(when, name, role, found)


def _worked(station: Any, when: float, busy: float) -> float:
    """Return the seconds of work that a node has done: without credits it is busy for longer than that."""
    worked = getattr(station, "worked", None)  # only a station that may slow down has it
    return busy * len(station.free) if worked is None else float(worked(when))


def _overlaps(when: float, taken: SnapshotTaken) -> bool:
    """Whether a snapshot was written in the minute before a moment."""
    return taken.time <= when and taken.end > when - MINUTE


def _refused(engine: Any) -> Counters:
    """Count the commands that a node has refused because of who sent them, by reason."""
    found: Counters = {}
    for (_, reason), commands in getattr(engine, "refused", {}).items():
        name = f"refused_{reason}"
        found[name] = found.get(name, 0.0) + commands
    return found


def _of_host(counted: Counters, node_type: NodeType, scale: float) -> Counters:
    """Add what the machine has left; a part of the memory is all that a scaled node has."""
    free = node_type.maxmemory * scale - counted["memory"]
    return {**counted, "free": max(0.0, free), "swap": max(0.0, -free)}


def fresh(cache: EngineSpec, node_type: NodeType, scale: float) -> Counters:
    """Return the counters of a new node that nobody has asked anything.

    >>> from cachesim.engines.redis.engine import Redis
    >>> from cachesim.node_types import node_type
    >>> fresh(Redis(), node_type("t3.micro"), 1.0)["memory"]
    61440
    """
    engine = cache.build(lambda: 0.0, lambda: 0.5)
    return {
        **_of_host(counters(engine), node_type, scale),
        "connections": float(SERVICE),
        "linked": 1.0,
    }
