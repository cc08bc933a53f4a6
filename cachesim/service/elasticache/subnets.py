"""Subnet groups: the subnets, and so the zones, in which nodes may stand."""

from dataclasses import dataclass
from typing import Any

from cachesim.service import vpc
from cachesim.service.checks import identifier
from cachesim.service.elasticache.events import Events
from cachesim.service.faults import refuse_if
from cachesim.service.register import Register
from cachesim.service.tags import tags_of

MEMBER, TEXT = "CacheSubnetGroupName", "CacheSubnetGroupDescription"
MOST = 20  # subnets of a group
IPV4 = {"SupportedNetworkTypes": ["ipv4"]}


@dataclass
class SubnetGroup:
    """A subnet group."""

    id: str
    text: str
    subnets: list[vpc.Subnet]
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
        subnets = [
            {"SubnetIdentifier": each.id, "SubnetAvailabilityZone": {"Name": each.zone}, **IPV4}
            for each in self.subnets
        ]
        return {
            MEMBER: self.id, TEXT: self.text, "VpcId": vpc.ID, "Subnets": subnets, "ARN": self.arn,
            **IPV4,
        }  # fmt: skip


class SubnetGroups(Events):
    """The operations on subnet groups. The group "default" has the subnets of the default VPC."""

    clusters: Any  # a register of clusters.py

    def __init__(self, account: Any) -> None:
        super().__init__(account)
        self.subnet_groups: Register[SubnetGroup] = Register("subnet group")
        self._enter_subnets("default", "Default subnet group", list(account.vpc.subnets), {})

    def _enter_subnets(self, name: str, text: str, subnets: list[str], tags: Any) -> SubnetGroup:
        made = SubnetGroup(name, text, self._subnets(subnets), self.arn(f"subnetgroup:{name}"))
        return self.subnet_groups.add(made, tags)

    def _subnets(self, names: list[str]) -> list[vpc.Subnet]:
        known = self.account.vpc.subnets
        unknown = [name for name in names if name not in known]
        refuse_if(unknown, "unknown subnets", ", ".join(unknown))
        refuse_if(not names, "no subnet named")
        refuse_if(len(names) > MOST, "most subnets", MOST)
        return [known[name] for name in dict.fromkeys(names)]

    def CreateCacheSubnetGroup(self, request: dict[str, Any]) -> dict[str, Any]:
        """Make a group of subnets."""
        name, text = identifier(request[MEMBER], MEMBER, 255), request[TEXT]
        made = self._enter_subnets(name, text, request["SubnetIds"], tags_of(request))
        return {"CacheSubnetGroup": made.shown()}

    def ModifyCacheSubnetGroup(self, request: dict[str, Any]) -> dict[str, Any]:
        """Change the text of a group, or its subnets; a subnet in which a node stands must stay."""
        found = self.subnet_groups.find(request[MEMBER])
        if "SubnetIds" in request:
            subnets = self._subnets(request["SubnetIds"])
            for cluster in self.clusters.using(MEMBER, found.id):
                for name in map(found.holding, cluster.zones):
                    is_gone = name not in [subnet.id for subnet in subnets]
                    refuse_if(is_gone, "subnet in use", name, cluster.id)
            found.subnets = subnets
        found.text = request.get(TEXT, found.text)
        return {"CacheSubnetGroup": found.shown()}

    def DeleteCacheSubnetGroup(self, request: dict[str, Any]) -> dict[str, Any]:
        """Remove a group in which no cluster stands."""
        found = self.subnet_groups.find(request[MEMBER])
        refuse_if(self.clusters.using(MEMBER, found.id), "subnets in use", found.id)
        refuse_if(found.id == "default", "default subnets")
        self.subnet_groups.remove(found)
        return {}
