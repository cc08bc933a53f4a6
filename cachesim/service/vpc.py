"""The network of an account: one VPC with its subnets and its security groups, and who reaches whom.

A packet that no rule of the node's groups allows is dropped: the client waits until its time-out.
"""

import ipaddress
from dataclasses import dataclass, field
from typing import NamedTuple

from cachesim.service.faults import refuse_if

ID = "vpc-0123456789abcdef0"
CIDR = "172.31.0.0/16"
DEFAULT_GROUP = "sg-0123456789abcdef0"
CLIENT = ipaddress.ip_address("172.31.0.100")  # of the application: an assumption
ANY = "-1"  # any protocol, any port


class Subnet(NamedTuple):
    """A part of the VPC in one zone."""

    id: str
    zone: str
    cidr: str
    is_default: bool = False


class Opening(NamedTuple):
    """Packets that may come in."""

    protocol: str  # tcp, udp, icmp, or ANY
    low: int
    high: int  # ports, both included
    source: str  # a CIDR, or the id of a security group

    def allows(self, group: str, port: int) -> bool:
        """Whether a client of a group may open a connection to a port."""
        is_port = self.protocol == ANY or (self.protocol == "tcp" and self.low <= port <= self.high)
        if "/" not in self.source:
            return is_port and self.source == group
        return is_port and CLIENT in ipaddress.ip_network(self.source)


@dataclass
class SecurityGroup:
    """A security group; what may go out is not looked at."""

    id: str
    name: str
    text: str
    rules: list[Opening] = field(default_factory=list)


class Vpc:
    """The network.

    >>> vpc = Vpc(("us-east-1a", "us-east-1b"))
    >>> vpc.groups["sg-2"] = SecurityGroup("sg-2", "cache", "")
    >>> vpc.reaches(DEFAULT_GROUP, ["sg-2"], 6379)
    False
    """

    def __init__(self, zones: tuple[str, ...]) -> None:
        self.subnets: dict[str, Subnet] = {}
        for number, zone in enumerate(zones):
            name, cidr = f"subnet-0123456789abcdef{number}", f"172.31.{16 * number}.0/20"
            self.subnets[name] = Subnet(name, zone, cidr, True)
        default = SecurityGroup(DEFAULT_GROUP, "default", "default VPC security group")
        default.rules.append(Opening(ANY, 0, 65535, DEFAULT_GROUP))
        self.groups = {DEFAULT_GROUP: default}

    def known(self, names: list[str] | str) -> list[str]:
        """Return the ids of security groups, which must be there; "default" is the default group."""
        chosen = [DEFAULT_GROUP] if names == "default" else list(names)
        for name in chosen:
            refuse_if(name not in self.groups, "no security group", name)
        return chosen

    def reaches(self, client_group: str, node_groups: list[str], port: int) -> bool:
        """Whether a client of a group can open a connection to a port of nodes of some groups."""
        rules = [rule for name in node_groups for rule in self.groups[name].rules]
        return any(rule.allows(client_group, port) for rule in rules)
