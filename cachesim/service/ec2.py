"""The desk of EC2, as far as a cache needs it: zones, the VPC, subnets, and security groups."""

import ipaddress
from collections.abc import Iterable
from typing import Any

from cachesim.service import vpc
from cachesim.service.account import NUMBER, REGION, Account
from cachesim.service.elasticache.checks import only
from cachesim.service.faults import ServiceFault
from cachesim.service.vpc import ANY, Opening, SecurityGroup, Subnet

LISTED = ("Filters", "MaxResults", "NextToken")
LEAST, MOST = 5, 1000  # records of a page
PORTS = 65535
PROTOCOLS = {"tcp": "tcp", "6": "tcp", "udp": "udp", "17": "udp", "icmp": "icmp", "1": "icmp"}
FLAT = ("IpProtocol", "FromPort", "ToPort")  # a rule without IpPermissions, with CidrIp
PERMISSION = (*FLAT, "UserIdGroupPairs", "IpRanges")
TEXTS = {  # codes of faults -> texts
    "CannotDelete": 'the specified group: "{}" name: "default" cannot be deleted by a user',
    "DependencyViolation": "resource {} has a dependent object",
    "InvalidGroup.Duplicate": "The security group '{}' already exists for VPC '" + vpc.ID + "'",
    "InvalidGroup.NotFound": "The security group '{}' does not exist",
    "InvalidParameterValue": "{} is not valid; {}",
    "InvalidPermission.Duplicate": "the specified rule from {} already exists",
    "InvalidPermission.NotFound": "The specified rule does not exist in this security group",
    "InvalidSubnet.Conflict": "The CIDR '{}' conflicts with another subnet",
    "InvalidSubnet.Range": "The CIDR '{}' is invalid.",
    "InvalidSubnetID.NotFound": "The subnet ID '{}' does not exist",
    "InvalidVpcID.NotFound": "The vpc ID '{}' does not exist",
    "MissingParameter": "A rule needs a source: a CIDR or a group.",
    "NotImplemented": "The filter {} is not simulated.",
}


def refuse(code: str, *values: object) -> ServiceFault:
    """Return the fault of a code."""
    return ServiceFault(code, TEXTS[code].format(*values))


class Ec2:
    """Subnets and security groups of one VPC."""

    service = "ec2"

    def __init__(self, account: Account) -> None:
        self.account = account
        self.vpc = account.vpc

    def DescribeAvailabilityZones(self, request: dict[str, Any]) -> dict[str, Any]:
        """List the zones of the Region."""
        only(request, ["ZoneNames", "Filters"])
        zones = [
            {"ZoneName": zone, "RegionName": REGION, "State": "available"}
            for zone in self.account.zones()
            if zone in request.get("ZoneNames", [zone])
        ]
        return {"AvailabilityZones": filtered(zones, request)}

    def DescribeVpcs(self, request: dict[str, Any]) -> dict[str, Any]:
        """List the one VPC."""
        only(request, ["VpcIds", *LISTED])
        self._check_vpcs(request.get("VpcIds", []))
        found = {"VpcId": vpc.ID, "CidrBlock": vpc.CIDR, "IsDefault": True, "State": "available"}
        found |= {"OwnerId": NUMBER, "InstanceTenancy": "default"}
        return listed([found], request, "Vpcs")

    def _check_vpcs(self, names: Iterable[str]) -> None:
        for name in names:
            if name != vpc.ID:
                raise refuse("InvalidVpcID.NotFound", name)

    def DescribeSubnets(self, request: dict[str, Any]) -> dict[str, Any]:
        """List subnets."""
        only(request, ["SubnetIds", *LISTED])
        chosen = request.get("SubnetIds", list(self.vpc.subnets))
        for name in chosen:
            if name not in self.vpc.subnets:
                raise refuse("InvalidSubnetID.NotFound", name)
        found = [subnet_shown(self.vpc.subnets[name]) for name in chosen]
        return listed(found, request, "Subnets")

    def CreateSubnet(self, request: dict[str, Any]) -> dict[str, Any]:
        """Make a subnet in a zone; its addresses must be free."""
        only(request, ["VpcId", "CidrBlock", "AvailabilityZone"])
        self._check_vpcs([request["VpcId"]])
        zones = self.account.zones()
        zone = request.get("AvailabilityZone", zones[0])
        if zone not in zones:
            raise refuse("InvalidParameterValue", zone, f"choose from {', '.join(zones)}")
        cidr = str(self._free(request.get("CidrBlock", "")))
        made = Subnet(self._id("subnet"), zone, cidr)
        self.vpc.subnets[made.id] = made
        return {"Subnet": subnet_shown(made)}

    def _free(self, cidr: str) -> ipaddress.IPv4Network:
        """Return a network of the VPC that no subnet has."""
        wanted = network(cidr)
        if not wanted.subnet_of(network(vpc.CIDR)):
            raise refuse("InvalidSubnet.Range", cidr)
        if any(wanted.overlaps(network(each.cidr)) for each in self.vpc.subnets.values()):
            raise refuse("InvalidSubnet.Conflict", cidr)
        return wanted

    def _id(self, kind: str) -> str:
        return f"{kind}-0{self.account.request_id().replace('-', '')[:16]}"

    def CreateSecurityGroup(self, request: dict[str, Any]) -> dict[str, Any]:
        """Make a group that lets nobody in."""
        only(request, ["GroupName", "Description", "VpcId"])
        self._check_vpcs([request.get("VpcId", vpc.ID)])
        if any(group.name == request["GroupName"] for group in self.vpc.groups.values()):
            raise refuse("InvalidGroup.Duplicate", request["GroupName"])
        made = SecurityGroup(self._id("sg"), request["GroupName"], request["Description"])
        self.vpc.groups[made.id] = made
        return {"GroupId": made.id}

    def DescribeSecurityGroups(self, request: dict[str, Any]) -> dict[str, Any]:
        """List groups with what may come in."""
        only(request, ["GroupIds", "GroupNames", *LISTED])
        chosen = [self._group({"GroupId": each}) for each in request.get("GroupIds", [])]
        chosen += [self._group({"GroupName": each}) for each in request.get("GroupNames", [])]
        found = chosen or list(self.vpc.groups.values())
        return listed([group_shown(each) for each in found], request, "SecurityGroups")

    def DeleteSecurityGroup(self, request: dict[str, Any]) -> dict[str, Any]:
        """Remove a group that nobody uses."""
        only(request, ["GroupId", "GroupName"])
        found = self._group(request)
        if found.id == vpc.DEFAULT_GROUP:
            raise refuse("CannotDelete", found.id)
        if self._is_used(found):
            raise refuse("DependencyViolation", found.id)
        del self.vpc.groups[found.id]
        return {"Return": True, "GroupId": found.id}

    def _is_used(self, group: SecurityGroup) -> bool:
        """Whether a cluster has the group, or a rule of another group names it."""
        clusters = self.account.desk("elasticache").clusters
        others = [each for each in self.vpc.groups.values() if each is not group]
        return any(group.id in each.settings["SecurityGroupIds"] for each in clusters) or any(
            rule.source == group.id for each in others for rule in each.rules
        )

    def _group(self, request: dict[str, Any]) -> SecurityGroup:
        """Return the group that a request names by its id or its name."""
        name = request.get("GroupId") or request.get("GroupName", "")
        for each in self.vpc.groups.values():
            if name == (each.id if "GroupId" in request else each.name):
                return each
        raise refuse("InvalidGroup.NotFound", name)

    def AuthorizeSecurityGroupIngress(self, request: dict[str, Any]) -> dict[str, Any]:
        """Let packets in."""
        found, rules = self._group(request), self._rules(request)
        for rule in rules:
            if rule in found.rules:
                raise refuse("InvalidPermission.Duplicate", rule.source)
        found.rules += dict.fromkeys(rules)
        return {"Return": True}

    def RevokeSecurityGroupIngress(self, request: dict[str, Any]) -> dict[str, Any]:
        """Let packets in no more; the rules must be those that were given."""
        found, rules = self._group(request), self._rules(request)
        if not set(rules) <= set(found.rules):
            raise refuse("InvalidPermission.NotFound")
        found.rules = [rule for rule in found.rules if rule not in rules]
        return {"Return": True}

    def _rules(self, request: dict[str, Any]) -> list[Opening]:
        """Return the rules of a request, one for each source."""
        only(request, ["GroupId", "GroupName", "IpPermissions", "CidrIp", *FLAT])
        permissions = request.get("IpPermissions", [])
        if not permissions:
            flat = {name: request[name] for name in FLAT if name in request}
            permissions = [{**flat, "IpRanges": [{"CidrIp": request.get("CidrIp", "")}]}]
        found = [rule for each in permissions for rule in self._rules_of(each)]
        if not found:
            raise refuse("MissingParameter")
        return found

    def _rules_of(self, permission: dict[str, Any]) -> list[Opening]:
        only(permission, PERMISSION)
        groups = [self._group(pair).id for pair in permission.get("UserIdGroupPairs", [])]
        ranges = [str(network(each["CidrIp"])) for each in permission.get("IpRanges", [])]
        return [Opening(*ports(permission), source) for source in groups + ranges]


def ports(permission: dict[str, Any]) -> tuple[str, int, int]:
    """Return the protocol of a permission, and its first and its last port.

    >>> ports({"IpProtocol": "tcp", "FromPort": 6379, "ToPort": 6379}), ports({"IpProtocol": "-1"})
    (('tcp', 6379, 6379), ('-1', 0, 65535))
    """
    name = permission.get("IpProtocol", "")
    if name == ANY:
        return ANY, 0, PORTS
    if name not in PROTOCOLS:
        raise refuse("InvalidParameterValue", f"The protocol {name}", "choose tcp, udp or -1")
    low, high = permission.get("FromPort", -1), permission.get("ToPort", -1)
    if PROTOCOLS[name] != "icmp" and not 0 <= low <= high <= PORTS:
        raise refuse("InvalidParameterValue", f"Ports {low} to {high}", f"they are 0 to {PORTS}")
    return PROTOCOLS[name], low, high


def network(cidr: str) -> ipaddress.IPv4Network:
    """Return a network such as 10.0.0.0/16."""
    try:
        return ipaddress.IPv4Network(cidr)
    except ValueError:
        why = "give a CIDR block such as 10.0.0.0/16"
        raise refuse("InvalidParameterValue", f"'{cidr}'", why) from None


def subnet_shown(subnet: Subnet) -> dict[str, Any]:
    """Return a subnet in AWS's shape."""
    return {
        "SubnetId": subnet.id,
        "VpcId": vpc.ID,
        "AvailabilityZone": subnet.zone,
        "CidrBlock": subnet.cidr,
        "DefaultForAz": subnet.is_default,
        "OwnerId": NUMBER,
        "State": "available",
    }


def group_shown(group: SecurityGroup) -> dict[str, Any]:
    """Return a security group in AWS's shape."""
    return {
        "GroupId": group.id,
        "GroupName": group.name,
        "Description": group.text,
        "VpcId": vpc.ID,
        "OwnerId": NUMBER,
        "IpPermissions": [rule_shown(rule) for rule in group.rules],
    }


def rule_shown(rule: Opening) -> dict[str, Any]:
    """Return a rule in AWS's shape."""
    is_range = "/" in rule.source
    return {
        "IpProtocol": rule.protocol,
        **({} if rule.protocol == ANY else {"FromPort": rule.low, "ToPort": rule.high}),
        "IpRanges": [{"CidrIp": rule.source}] if is_range else [],
        "UserIdGroupPairs": [] if is_range else [{"GroupId": rule.source, "UserId": NUMBER}],
    }


def filtered(items: list[dict[str, Any]], request: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the items that meet all Filters; a filter such as vpc-id looks at the member VpcId."""
    for each in request.get("Filters", []):
        member = "".join(word.capitalize() for word in each.get("Name", "").split("-"))
        if any(isinstance(item.get(member, []), list) for item in items):
            raise refuse("NotImplemented", each.get("Name"))
        wanted = [value.lower() for value in each.get("Values", [])]
        items = [item for item in items if str(item[member]).lower() in wanted]
    return items


def listed(items: list[dict[str, Any]], request: dict[str, Any], name: str) -> dict[str, Any]:
    """Return a page of the items that meet all Filters, with a NextToken if there is more."""
    size, token = request.get("MaxResults", MOST), request.get("NextToken", "0")
    if not LEAST <= size <= MOST or not token.isdecimal():
        why = f"MaxResults is {LEAST} to {MOST}, and the token is one that this service gave"
        raise refuse("InvalidParameterValue", "The page", why)
    found, begin = filtered(items, request), int(token)
    rest = {"NextToken": str(begin + size)} if begin + size < len(found) else {}
    return {name: found[begin : begin + size], **rest}
