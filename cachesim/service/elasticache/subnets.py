"""Subnet groups: the subnets, and so the zones, in which nodes may stand."""

from dataclasses import dataclass
from typing import Any

from cachesim.service import vpc
from cachesim.service.elasticache.checks import identifier
from cachesim.service.elasticache.parameters import ParameterGroups
from cachesim.service.faults import ServiceFault, bad_value
from cachesim.service.register import Register
from cachesim.service.tags import tags_of
from cachesim.service.vpc import Subnet

MEMBER = "CacheSubnetGroupName"
MOST = 20  # subnets of a group
USED = "Cache subnet group {} is currently in use by a cache cluster."


@dataclass
class SubnetGroup:
    """A subnet group."""

    id: str
    text: str
    subnets: list[Subnet]
    arn: str
    status: str = "available"

    @property
    def zones(self) -> list[str]:
        """The zones of its subnets, each once."""
        return list(dict.fromkeys(subnet.zone for subnet in self.subnets))

    def holding(self, zone: str) -> str:
        """Return the id of the subnet in which the nodes of a zone stand: the first one there."""
        return next(subnet.id for subnet in self.subnets if subnet.zone == zone)

    def shown(self) -> dict[str, Any]:
        """Return the group in AWS's shape."""
        return {
            MEMBER: self.id,
            "CacheSubnetGroupDescription": self.text,
            "VpcId": vpc.ID,
            "Subnets": [
                {
                    "SubnetIdentifier": subnet.id,
                    "SubnetAvailabilityZone": {"Name": subnet.zone},
                    "SupportedNetworkTypes": ["ipv4"],
                }
                for subnet in self.subnets
            ],
            "ARN": self.arn,
            "SupportedNetworkTypes": ["ipv4"],
        }


class SubnetGroups(ParameterGroups):
    """The operations on subnet groups. The group "default" has the subnets of the default VPC."""

    def __init__(self, account: Any) -> None:
        super().__init__(account)
        self.subnet_groups: Register[SubnetGroup] = Register("subnet group")
        self.subnet_groups.add(
            self._group("default", "Default subnet group", list(account.vpc.subnets))
        )

    def _group(self, name: str, text: str, subnets: list[str]) -> SubnetGroup:
        arn = self.account.arn("elasticache", f"subnetgroup:{name}")
        return SubnetGroup(name, text, self._subnets(subnets), arn)

    def _subnets(self, names: list[str]) -> list[Subnet]:
        known = self.account.vpc.subnets
        if unknown := [name for name in names if name not in known]:
            raise bad_value(f"Some input subnets in :[{', '.join(unknown)}] are invalid.")
        if not names:
            raise ServiceFault("InvalidSubnet", "Name at least one subnet.")
        if len(names) > MOST:
            raise ServiceFault(
                "CacheSubnetQuotaExceededFault", f"A group can have at most {MOST} subnets."
            )
        return [known[name] for name in dict.fromkeys(names)]

    def CreateCacheSubnetGroup(self, request: dict[str, Any]) -> dict[str, Any]:
        """Make a group of subnets."""
        name, tags = identifier(request[MEMBER], MEMBER, 255), tags_of(request)
        made = self._group(name, request["CacheSubnetGroupDescription"], request["SubnetIds"])
        return {"CacheSubnetGroup": self.subnet_groups.add(made, tags).shown()}

    def DescribeCacheSubnetGroups(self, request: dict[str, Any]) -> dict[str, Any]:
        """List groups."""
        return self.subnet_groups.described(request)

    def ModifyCacheSubnetGroup(self, request: dict[str, Any]) -> dict[str, Any]:
        """Change the text of a group, or its subnets; a subnet in which a node stands must stay."""
        found = self.subnet_groups.find(request[MEMBER])
        if "SubnetIds" in request:
            subnets = self._subnets(request["SubnetIds"])
            self._check_left(found, {subnet.id for subnet in subnets})
            found.subnets = subnets
        found.text = request.get("CacheSubnetGroupDescription", found.text)
        return {"CacheSubnetGroup": found.shown()}

    def _check_left(self, group: SubnetGroup, stays: set[str]) -> None:
        for cluster in self.using(MEMBER, group.id):
            for zone in cluster.zones:
                if group.holding(zone) not in stays:
                    raise ServiceFault(
                        "SubnetInUse",
                        f"The subnet {group.holding(zone)} is in use by cache cluster {cluster.id}.",
                    )

    def DeleteCacheSubnetGroup(self, request: dict[str, Any]) -> dict[str, Any]:
        """Remove a group in which no cluster stands."""
        found = self.subnet_groups.find(request[MEMBER])
        if self.using(MEMBER, found.id):
            raise ServiceFault("CacheSubnetGroupInUse", USED.format(found.id))
        if found.id == "default":
            raise ServiceFault("CacheSubnetGroupInUse", "The default subnet group always stays.")
        self.subnet_groups.remove(found)
        return {}
