"""Node types of Amazon ElastiCache: memory, cores, network and price; or types of your own."""

import csv
from functools import cache
from importlib.resources import files
from typing import Annotated

from cachesim.errors import BadInput
from cachesim.spec import Bytes, Count, Rate, Rule, Spec
from cachesim.units import GIB

RESERVED = 0.25  # reserved-memory-percent: what a managed node keeps for copies and buffers
Cores = Annotated[float, Rule("above 0 and at most 1", lambda x: 0 < x <= 1)]


class NodeType(Spec):
    """A kind of node that can be rented.

    >>> node_type("cache.r6g.large").usable // 10**6
    10527
    """

    name: str = "mine"
    vcpu: Count = 2
    maxmemory: Bytes = 4 * GIB  # bytes for keys and for what Redis reserves
    gbps: Rate = 1.0  # of the network for ever, without credits for bursts
    core: Cores = 1.0  # of one core for ever: less than 1 if the type lives on CPU credits
    price: Rate = 0.1  # US dollars per hour, on demand
    region: str = ""
    priced: str = ""  # the day on which the price was read

    @property
    def usable(self) -> int:
        """The bytes that keys may take: maxmemory without the quarter that is reserved."""
        return int(self.maxmemory * (1 - RESERVED))


def node_types(status: str = "current") -> list[NodeType]:
    """List the published types of Redis OSS nodes on demand in us-east-1, cheapest first.

    Parameters
    ----------
    status : str
        "current", "older", or "previous" for types that new clusters cannot have.

    Notes
    -----
    Prices: AWS Price List, us-east-1, as of the day in `priced`. maxmemory: ElastiCache User Guide, Redis
    parameters by node type. Network and CPU baselines: the guide's supported node types. vCPUs: the guide's
    num_threads of Memcached. The r7g network figures are taken from the m7g types. The four c7gn types are left
    out, for no baseline of their network was found.

    >>> [each.name for each in node_types()][:2], node_types()[0].core
    (['cache.t4g.micro', 'cache.t3.micro'], 0.2)
    """
    rows = [row for row in _rows() if row["status"] == status and row["gbps"]]
    return sorted(map(_read, rows), key=lambda each: (each.price, each.name))


@cache
def node_type(name: str) -> NodeType:
    """Find a type by its name; "cache." may be missing.

    >>> node_type("r6g.large").price
    0.206

    Raises
    ------
    BadInput
        There is no such type, or a figure of it is not published.
    """
    full = name if name.startswith("cache.") else f"cache.{name}"
    for row in _rows():
        if row["name"] == full and not row["gbps"]:
            raise BadInput(
                f'the node type "{name}" has no published baseline of its network; choose another type'
            )
        if row["name"] == full:
            return _read(row)
    raise BadInput(
        f'unknown node type "{name}"; choose one such as cache.r6g.large '
        "(cachesim/data/node_types.csv lists them)"
    )


def kind_of(given: NodeType | str, rule: str = "a node type is a NodeType, or a name") -> NodeType:
    """Take a node type, or find one by its name; `rule` begins the sentence about anything else."""
    if isinstance(given, str):
        return node_type(given)
    if not isinstance(given, NodeType):
        raise BadInput(f'{rule} such as "r6g.large", got {given!r}')
    return given


@cache
def _rows() -> list[dict[str, str]]:
    text = files("cachesim.data").joinpath("node_types.csv").read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))


def _read(row: dict[str, str]) -> NodeType:
    vcpu, baseline = int(row["vcpu"]), float(row["cpu_baseline_pct"] or 100)
    return NodeType(
        name=row["name"],
        vcpu=vcpu,
        maxmemory=int(row["maxmemory"]),
        gbps=float(row["gbps"]),
        core=min(1.0, vcpu * baseline / 100),  # one thread may take the credits of all vCPUs
        price=float(row["usd_per_hour"]),
        region=row["region"],
        priced=row["priced"],
    )
