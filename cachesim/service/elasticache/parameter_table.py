"""The parameters that AWS publishes, by their families: data/parameters.csv.

The column `here` says what a value changes in a run (experiments/cloud_cache.py):

field X    the field X of cs.Redis or cs.Memcached
config     the engine itself, by CONFIG SET
memory     the memory that is left for keys
rule       a field of cs.Memcached, with others of its rows
(empty)    nothing: the value is kept and shown
"""

import csv
from functools import cache
from importlib.resources import files
from typing import Any, NamedTuple

from cachesim.node_types import NodeType, node_types
from cachesim.service.faults import bad_value
from cachesim.units import MIB

BY_TYPE = {  # values that depend on the node type
    "@memory": lambda node_type: node_type.maxmemory,
    "@a tenth": lambda node_type: node_type.maxmemory // 10,
    "@MiB": lambda node_type: round(node_type.maxmemory / MIB),
    "@cores": lambda node_type: node_type.vcpu,
}
KINDS: dict[str, Any] = {"integer": int, "float": float, "boolean": int, "string": str}


class Family(NamedTuple):
    """One row of data/families.csv."""

    name: str
    engine: str
    has_clusters: bool


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
        found = {
            "ParameterName": self.name,
            "Description": "It has an effect here." if self.here else "It changes nothing here.",
            "Source": source,
            "DataType": self.type,
            "IsModifiable": self.modifiable != "no",
            "ChangeType": self.change,
        }
        if self.allowed:
            found["AllowedValues"] = self.allowed
        if value not in BY_TYPE:
            return {**found, **({"ParameterValue": value} if value else {})}
        return {**found, "CacheNodeTypeSpecificValues": by_type(value)}

    def check(self, value: str, is_used: bool) -> None:
        """Refuse a value that cannot be set."""
        if self.modifiable == "no":
            raise bad_value(f"The parameter {self.name} cannot be modified.")
        if self.modifiable == "unused" and is_used:
            raise bad_value(
                f"The parameter {self.name} cannot be modified while a cluster uses the group."
            )
        if not self.allows(value):
            raise bad_value(
                f"The value {value} of {self.name} is not allowed; "
                f"allowed: {self.allowed or self.type}."
            )

    def allows(self, value: str) -> bool:
        """Whether a value is one of the allowed ones: names, or ranges such as 0,20-."""
        try:
            number = KINDS[self.type](value)
        except ValueError:
            return False
        if self.type == "string":
            return not self.allowed or value in self.allowed.split(",")
        return not self.allowed or any(within(part, number) for part in self.allowed.split(","))


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
    types: list[NodeType] = [
        each for status in ("current", "older", "previous") for each in node_types(status)
    ]
    return [
        {"CacheNodeType": each.name, "Value": str(BY_TYPE[value](each))}
        for each in sorted(types, key=lambda each: each.name)
    ]


def rows(name: str) -> list[dict[str, str]]:
    """Return the rows of a table of the service."""
    text = files("cachesim.service").joinpath("data", name).read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))


@cache
def families() -> dict[str, Family]:
    """Return the families by their names, each engine's oldest first.

    >>> families()["redis2.8"].has_clusters
    False
    """
    return {
        row["family"]: Family(row["family"], row["engine"], row["cluster mode"] == "yes")
        for row in rows("families.csv")
    }


@cache
def parameters_of(family: str) -> dict[str, ParameterRow]:
    """Return the parameters of a family by their names.

    >>> parameters_of("redis7")["maxmemory-policy"].value
    'volatile-lru'
    >>> len(parameters_of("redis2.8")) < len(parameters_of("redis7"))
    True
    """
    if family not in families():
        raise bad_value(
            f"CacheParameterGroupFamily {family} is not a valid parameter group family; "
            f"choose from {', '.join(families())}."
        )
    order = list(families())
    table = (ParameterRow(**row) for row in rows("parameters.csv"))
    return {
        row.name: row
        for row in table
        if order.index(row.first) <= order.index(family) <= order.index(row.last)
    }
