"""What AWS publishes of its engines: families, versions, and parameters by their families.

The column `here` of data/parameters.csv says what a value changes in a run (experiments/cloud_cache.py):

field X    the field X of cs.Redis or cs.Memcached
config     the engine itself, by CONFIG SET
memory     the memory that is left for keys
rule       a field of cs.Memcached, with others of its rows
(empty)    nothing: the value is kept and shown
"""

from functools import cache
from typing import Any, NamedTuple

from cachesim.node_types import node_types
from cachesim.service.faults import refusal, refuse_if
from cachesim.service.tables import in_shape, table
from cachesim.units import MIB

BY_TYPE = {  # values that depend on the node type
    "@memory": lambda node_type: node_type.maxmemory,
    "@a tenth": lambda node_type: node_type.maxmemory // 10,
    "@MiB": lambda node_type: round(node_type.maxmemory / MIB),
    "@cores": lambda node_type: node_type.vcpu,
}
KINDS: dict[str, Any] = {"integer": int, "float": float, "boolean": int, "string": str}
SIMULATED = {"redis": "redis 7.0.15", "valkey": "redis 7.0.15", "memcached": "memcached 1.6.18"}
SPECIFIC = "CacheNodeTypeSpecificValues"


class Version(NamedTuple):
    """One row of data/versions.csv."""

    engine: str
    version: str  # as a request names it
    full: str  # as an answer does
    family: str
    default: str  # yes or no

    def shown(self) -> dict[str, Any]:
        """Return the version in AWS's shape."""
        about = f"{self.engine} version {self.full}, simulated by {SIMULATED[self.engine]}"
        name = self.engine.capitalize()
        return in_shape(
            "version", self, CacheEngineDescription=name, CacheEngineVersionDescription=about
        )


class ParameterRow(NamedTuple):
    """One row of data/parameters.csv."""

    name: str
    first: str  # family
    last: str
    value: str
    type: str
    allowed: str
    modifiable: str  # yes, no, or "unused": while no cluster has the group
    change: str
    here: str
    source: str

    def shown(self, value: str, source: str) -> dict[str, Any]:
        """Return the parameter with a value in AWS's shape."""
        effect = "It has an effect here." if self.here else "It changes nothing here."
        values = (
            {SPECIFIC: by_type(value)} if value in BY_TYPE else {"ParameterValue": value or None}
        )
        return in_shape(
            "parameter", self, Description=effect, Source=source,
            IsModifiable=self.modifiable != "no", AllowedValues=self.allowed or None, **values,
        )  # fmt: skip

    def check(self, value: str, is_used: bool) -> None:
        """Refuse a value that cannot be set."""
        refuse_if(self.modifiable == "no", "fixed parameter", self.name)
        refuse_if(self.modifiable == "unused" and is_used, "used parameter", self.name)
        fits, allowed = self.allows(value), self.allowed or self.type
        refuse_if(not fits, "parameter value", value, self.name, allowed)

    def allows(self, value: str) -> bool:
        """Whether a value is one of the allowed ones: names, or ranges such as 0,20-."""
        try:
            number = KINDS[self.type](value)
        except ValueError:
            return False
        parts = self.allowed.split(",") if self.allowed else []
        fits = value in parts if self.type == "string" else any(within(p, number) for p in parts)
        return fits or not parts


def within(part: str, number: float) -> bool:
    """Whether a number is in a part of AllowedValues.

    >>> within("1-75", 75), within("20-", 19), within("-1-", 7), within("0", 0)
    (True, False, True, True)
    """
    least, dash, most = part[1:].partition("-")  # the sign of the first number is no dash
    low = float(part[0] + least)
    return low <= number <= (float(most or "inf") if dash else low)


def by_type(value: str) -> list[dict[str, str]]:
    """Return a value for each node type in AWS's shape."""
    types = [t for status in ("current", "older", "previous") for t in node_types(status)]
    values = {each.name: str(BY_TYPE[value](each)) for each in types}
    return [{"CacheNodeType": name, "Value": values[name]} for name in sorted(values)]


def families() -> dict[str, dict[str, str]]:
    """Return the rows of data/families.csv by their names, each engine's oldest first."""
    return {row["family"]: row for row in table("families")}


@cache
def versions() -> list[Version]:
    """Return all versions."""
    return [Version(**row) for row in table("versions")]


def version_of(engine: str, name: str = "") -> Version:
    """Return a version of an engine by its name, short or full; without one the usual version.

    >>> version_of("redis").full, version_of("redis", "6.2.6").family
    ('7.0.7', 'redis6.x')
    """
    for each in versions():
        is_it = name in (each.version, each.full) if name else each.default == "yes"
        if each.engine == engine and is_it:
            return each
    raise refusal("no version", name, engine)


@cache
def parameters_of(family: str) -> dict[str, ParameterRow]:
    """Return the parameters of a family by their names.

    >>> parameters_of("redis7")["maxmemory-policy"].value
    'volatile-lru'
    """
    order = list(families())
    refuse_if(family not in order, "no family", family, ", ".join(order))
    place = order.index(family)
    return {
        row["name"]: ParameterRow(**row)
        for row in table("parameters")
        if order.index(row["first"]) <= place <= order.index(row["last"])
    }
