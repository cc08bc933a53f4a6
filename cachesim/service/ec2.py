"""The desk of EC2, as far as a cache needs it: zones, the VPC, subnets, and security groups."""

import ipaddress
from typing import Any

from cachesim.service import vpc
from cachesim.service.account import NUMBER, REGION
from cachesim.service.desks import Answer, ServiceDesk
from cachesim.service.faults import needed, only, refusal, refuse_if
from cachesim.service.pages import next_page
from cachesim.service.tables import in_shape
from cachesim.service.vpc import ANY, Opening, SecurityGroup, Subnet, Vpc

LEAST, MOST = 5, 1000  # records of a page
PORTS = 65535
PROTOCOLS = {"tcp": "tcp", "6": "tcp", "udp": "udp", "17": "udp", "icmp": "icmp", "1": "icmp"}
FLAT = ("IpProtocol", "FromPort", "ToPort")  # a rule without IpPermissions, with CidrIp
OURS = {"VpcId": vpc.ID, "OwnerId": NUMBER}


class Ec2(ServiceDesk):
    """Subnets and security groups of one VPC."""

    service = "ec2"

    @property
    def vpc(self) -> Vpc:
        """The one VPC."""
        return self.account.vpc

    def DescribeAvailabilityZones(self, request: Answer) -> Answer:
        """List the zones of the Region."""
        zones = [
            {"ZoneName": zone, "RegionName": REGION, "State": "available"}
            for zone in self.account.zones()
            if zone in request.get("ZoneNames", [zone])
        ]
        return {"AvailabilityZones": filtered(zones, request)}

    def DescribeVpcs(self, request: Answer) -> Answer:
        """List the one VPC."""
        check_vpcs(request.get("VpcIds", []))
        told = {"CidrBlock": vpc.CIDR, "IsDefault": True, "State": "available"}
        return page([{**OURS, **told, "InstanceTenancy": "default"}], request, "Vpcs")

    def DescribeSubnets(self, request: Answer) -> Answer:
        """List subnets."""
        held = self.vpc.subnets
        chosen = [
            needed(held.get(name), "InvalidSubnetID.NotFound", name)
            for name in request.get("SubnetIds", held)
        ]
        return page([in_shape("subnet", each, **OURS) for each in chosen], request, "Subnets")

    def CreateSubnet(self, request: Answer) -> Answer:
        """Make a subnet in a zone; its addresses must be free."""
        check_vpcs([request["VpcId"]])
        zones = self.account.zones()
        zone, cidr = request.get("AvailabilityZone", zones[0]), request.get("CidrBlock", "")
        bad_if(zone not in zones, zone, f"choose from {', '.join(zones)}")
        wanted = network(cidr)
        refuse_if(not wanted.subnet_of(network(vpc.CIDR)), "InvalidSubnet.Range", cidr)
        taken = any(wanted.overlaps(network(each.cidr)) for each in self.vpc.subnets.values())
        refuse_if(taken, "InvalidSubnet.Conflict", cidr)
        made = Subnet(self._id("subnet"), zone, str(wanted))
        self.vpc.subnets[made.id] = made
        return {"Subnet": in_shape("subnet", made, **OURS)}

    def _id(self, kind: str) -> str:
        return f"{kind}-0{self.account.request_id().replace('-', '')[:16]}"

    # Security groups

    def CreateSecurityGroup(self, request: Answer) -> Answer:
        """Make a group that lets nobody in."""
        check_vpcs([request.get("VpcId", vpc.ID)])
        name = request["GroupName"]
        taken = any(each.name == name for each in self.vpc.groups.values())
        refuse_if(taken, "InvalidGroup.Duplicate", name, vpc.ID)
        made = SecurityGroup(self._id("sg"), name, request["Description"])
        self.vpc.groups[made.id] = made
        return {"GroupId": made.id}

    def DescribeSecurityGroups(self, request: Answer) -> Answer:
        """List groups with what may come in."""
        chosen = [self._group({"GroupId": each}) for each in request.get("GroupIds", [])]
        chosen += [self._group({"GroupName": each}) for each in request.get("GroupNames", [])]
        found = [
            in_shape(
                "security group", each, IpPermissions=list(map(permission, each.rules)), **OURS
            )
            for each in chosen or self.vpc.groups.values()
        ]
        return page(found, request, "SecurityGroups")

    def DeleteSecurityGroup(self, request: Answer) -> Answer:
        """Remove a group that nobody uses: no cluster, and no rule of another group."""
        group = self._group(request)
        refuse_if(group.id == vpc.DEFAULT_GROUP, "CannotDelete", group.id)
        clusters = self.account.desk("elasticache").clusters
        used = {name for each in clusters for name in each.settings["SecurityGroupIds"]}
        others = [each for each in self.vpc.groups.values() if each is not group]
        used |= {rule.source for each in others for rule in each.rules}
        refuse_if(group.id in used, "DependencyViolation", group.id)
        del self.vpc.groups[group.id]
        return {"Return": True, "GroupId": group.id}

    def _group(self, request: Answer) -> SecurityGroup:
        """Return the group that a request names by its id or its name."""
        name, held = request.get("GroupId", ""), self.vpc.groups
        if not name:
            name, held = request.get("GroupName", ""), {each.name: each for each in held.values()}
        return needed(held.get(name), "InvalidGroup.NotFound", name)

    def AuthorizeSecurityGroupIngress(self, request: Answer) -> Answer:
        """Let packets in."""
        group, rules = self._group(request), self._rules(request)
        for rule in rules:
            refuse_if(rule in group.rules, "InvalidPermission.Duplicate", rule.source)
        group.rules += dict.fromkeys(rules)
        return {"Return": True}

    def RevokeSecurityGroupIngress(self, request: Answer) -> Answer:
        """Let packets in no more; the rules must be those that were given."""
        group, rules = self._group(request), self._rules(request)
        refuse_if(set(rules) - set(group.rules), "InvalidPermission.NotFound")
        group.rules = [rule for rule in group.rules if rule not in rules]
        return {"Return": True}

    def _rules(self, request: Answer) -> list[Opening]:
        """Return the rules of a request, one for each source."""
        flat = {name: request[name] for name in FLAT if name in request}
        flat["IpRanges"] = [{"CidrIp": request.get("CidrIp", "")}]
        given = request.get("IpPermissions") or [flat]
        found = [rule for each in given for rule in self._rules_of(each)]
        refuse_if(not found, "MissingParameter")
        return found

    def _rules_of(self, given: Answer) -> list[Opening]:
        only(given, (*FLAT, "UserIdGroupPairs", "IpRanges"))
        sources = [self._group(pair).id for pair in given.get("UserIdGroupPairs", [])]
        sources += [str(network(each["CidrIp"])) for each in given.get("IpRanges", [])]
        return [Opening(*ports(given), source) for source in sources]


def check_vpcs(names: list[str]) -> None:
    """Refuse a VPC that is not there."""
    for name in names:
        refuse_if(name != vpc.ID, "InvalidVpcID.NotFound", name)


def bad_if(broken: object, what: str, why: str) -> None:
    """Refuse a value."""
    refuse_if(broken, "ec2 value", what, why)


def ports(given: Answer) -> tuple[str, int, int]:
    """Return the protocol of a rule, and its first and its last port.

    >>> ports({"IpProtocol": "tcp", "FromPort": 6379, "ToPort": 6379}), ports({"IpProtocol": "-1"})
    (('tcp', 6379, 6379), ('-1', 0, 65535))
    """
    name = given.get("IpProtocol", "")
    if name == ANY:
        return ANY, 0, PORTS
    bad_if(name not in PROTOCOLS, f"The protocol {name}", "choose tcp, udp or -1")
    low, high = given.get("FromPort", -1), given.get("ToPort", -1)
    are_ports = PROTOCOLS[name] == "icmp" or 0 <= low <= high <= PORTS
    bad_if(not are_ports, f"Ports {low} to {high}", f"they are 0 to {PORTS}")
    return PROTOCOLS[name], low, high


def network(cidr: str) -> ipaddress.IPv4Network:
    """Return a network such as 10.0.0.0/16."""
    try:
        return ipaddress.IPv4Network(cidr)
    except ValueError:
        why = "give a CIDR block such as 10.0.0.0/16"
        raise refusal("ec2 value", f"'{cidr}'", why) from None


def permission(rule: Opening) -> Answer:
    """Return a rule in AWS's shape."""
    at = {} if rule.protocol == ANY else {"FromPort": rule.low, "ToPort": rule.high}
    ranges = [{"CidrIp": rule.source}] if "/" in rule.source else []
    groups = [] if ranges else [{"GroupId": rule.source, "UserId": NUMBER}]
    return {"IpProtocol": rule.protocol, **at, "IpRanges": ranges, "UserIdGroupPairs": groups}


def filtered(items: list[Answer], request: Answer) -> list[Answer]:
    """Return the items that meet all Filters; a filter such as vpc-id looks at the member VpcId."""
    for each in request.get("Filters", []):
        member = each.get("Name", "").title().replace("-", "")
        is_list = any(isinstance(item.get(member, []), list) for item in items)
        refuse_if(is_list, "not simulated", f"The filter {each.get('Name')}")
        wanted = [value.lower() for value in each.get("Values", [])]
        items = [item for item in items if str(item[member]).lower() in wanted]
    return items


def page(items: list[Any], request: Answer, name: str) -> Answer:
    """Return a page of the items that meet all Filters, with a NextToken if there is more."""
    size, token = request.get("MaxResults", MOST), request.get("NextToken", "0")
    why = f"MaxResults is {LEAST} to {MOST}, and the token is one that this service gave"
    bad_if(not LEAST <= size <= MOST or not token.isdecimal(), "The page", why)
    return next_page(filtered(items, request), request, name, size, MOST)
