"""The operations on clusters of DAX, and their parameter groups."""

from typing import Any

from cachesim.service.account import Account
from cachesim.service.bill import price
from cachesim.service.checks import identifier, in_range
from cachesim.service.dax.cluster import MEMORY, PORT, USUAL, DaxFront, DaxNode
from cachesim.service.faults import ServiceFault, bad_value, only
from cachesim.service.register import Register

MOST_NODES = 11  # a primary and ten replicas
CREATED = "ClusterName NodeType ReplicationFactor IamRoleArn ParameterGroupName Description"
DEFAULT = "default.dax1.0"
HOUR = 3600.0  # seconds
Answer = dict[str, Any]


class DaxCluster:
    """A cluster: the first node is the primary."""

    def __init__(self, name: str, arn: str, node_type: str, role: str, group: str) -> None:
        self.id, self.arn, self.node_type, self.role, self.group = name, arn, node_type, role, group
        self.status, self.description = "creating", ""
        self.nodes: list[DaxNode] = []
        self.rented: list[tuple[str, float, float | None]] = []  # node, begin, end

    @property
    def address(self) -> str:
        """The name of its discovery endpoint."""
        return f"{self.id}.abc123.dax-clusters.us-east-1.amazonaws.com"

    def shown(self) -> Answer:
        """Return it in AWS's shape."""
        up = [node for node in self.nodes if node.status == "available"]
        endpoint = {"Address": self.address, "Port": PORT, "URL": f"dax://{self.address}:{PORT}"}
        return {
            "ClusterName": self.id,
            "ClusterArn": self.arn,
            "Description": self.description,
            "Status": self.status,
            "NodeType": self.node_type,
            "TotalNodes": len(self.nodes),
            "ActiveNodes": len(up),
            "IamRoleArn": self.role,
            "ParameterGroup": {
                "ParameterGroupName": self.group,
                "ParameterApplyStatus": "in-sync",
                "NodeIdsToReboot": [],
            },
            "ClusterEndpointEncryptionType": "NONE",
            **({"ClusterDiscoveryEndpoint": endpoint} if up else {}),
            "Nodes": [
                {"NodeId": node.name, "AvailabilityZone": node.zone, "NodeStatus": node.status}
                for node in self.nodes
            ],
        }


class DaxDesk:
    """The desk of DAX.

    >>> from cachesim.service.dynamodb.desk import DynamoDesk
    >>> account = Account()
    >>> account.open([DynamoDesk, DaxDesk])
    >>> made = {"ClusterName": "fast", "NodeType": "dax.t3.small", "ReplicationFactor": 3}
    >>> account.desk("dax").CreateCluster({**made, "IamRoleArn": "arn:aws:iam::1:role/dax"})[
    ...     "Cluster"
    ... ]["Status"]
    'creating'
    """

    service = "dax"

    def __init__(self, account: Account) -> None:
        self.account = account
        self.clusters: Register[DaxCluster] = Register("dax cluster")
        self.groups: dict[str, dict[str, int]] = {DEFAULT: dict(USUAL)}
        self.rented: list[DaxCluster] = []
        account.bill.others.append(self._lines)

    def front(self, name: str, number: int = 0) -> DaxFront:
        """Return the front of node `number` of a cluster. Raises ServiceFault."""
        nodes = self.clusters.ready(name, "modifying").nodes
        up = [node for node in nodes if node.status == "available"]
        node = up[number % len(up)]
        return DaxFront(self.account, node, [each for each in up if each is not node])

    def CreateCluster(self, request: Answer) -> Answer:
        """Make a cluster."""
        only(request, CREATED.split())
        name, node_type = identifier(request["ClusterName"], "ClusterName", 20), request["NodeType"]
        if node_type not in MEMORY:
            raise bad_value(f"The node type {node_type} is not one of {', '.join(MEMORY)}.")
        group = request.get("ParameterGroupName", DEFAULT)
        self._ttls(group)
        nodes = in_range("ReplicationFactor", request["ReplicationFactor"], 1, MOST_NODES)
        arn = self.account.arn("dax", f"cache/{name}")
        made = DaxCluster(name, arn, node_type, request["IamRoleArn"], group)
        made.description = request.get("Description", "")
        self.rented.append(self.clusters.add(made))
        self._grow(made, nodes)
        return {"Cluster": made.shown()}

    def _grow(self, cluster: DaxCluster, wanted: int) -> None:
        """Let nodes be added; they are there after a while."""
        zones, ttls = self.account.zones(), self._ttls(cluster.group)
        for number in range(len(cluster.nodes), wanted):
            name, zone = f"{cluster.id}-{chr(97 + number)}", zones[number % len(zones)]
            cluster.nodes.append(DaxNode(name, zone, cluster.node_type, ttls))
        delay = self.account.timings.draw("create dax")
        self.account.calendar.at(delay, lambda: self._grown(cluster))

    def _grown(self, cluster: DaxCluster) -> None:
        cluster.status = "available"
        for node in cluster.nodes:
            if node.status == "creating":
                cluster.rented.append((node.name, self.account.calendar.now, None))
            node.status = "available"

    def DescribeClusters(self, request: Answer) -> Answer:
        """List clusters."""
        only(request, ("ClusterNames",))
        names = request.get("ClusterNames")
        found = [self.clusters.find(each) for each in names] if names else list(self.clusters)
        return {"Clusters": [each.shown() for each in found]}

    def DeleteCluster(self, request: Answer) -> Answer:
        """Remove a cluster; the table stays."""
        cluster = self.clusters.ready(request["ClusterName"])
        cluster.status = "deleting"
        self._end(cluster, 0)
        delay = self.account.timings.draw("delete dax")
        self.account.calendar.at(delay, lambda: self.clusters.remove(cluster))
        return {"Cluster": cluster.shown()}

    def _end(self, cluster: DaxCluster, left: int) -> None:
        gone = {node.name for node in cluster.nodes[left:]}
        del cluster.nodes[left:]
        cluster.rented = [
            (name, begin, self.account.calendar.now if name in gone and end is None else end)
            for name, begin, end in cluster.rented
        ]

    def IncreaseReplicationFactor(self, request: Answer) -> Answer:
        """Add nodes; they begin empty."""
        only(request, ("ClusterName", "NewReplicationFactor"))
        cluster, wanted = self._resized(request, 1)
        cluster.status = "modifying"
        self._grow(cluster, wanted)
        return {"Cluster": cluster.shown()}

    def DecreaseReplicationFactor(self, request: Answer) -> Answer:
        """Remove the last nodes."""
        only(request, ("ClusterName", "NewReplicationFactor"))
        cluster, wanted = self._resized(request, -1)
        self._end(cluster, wanted)
        return {"Cluster": cluster.shown()}

    def _resized(self, request: Answer, sign: int) -> tuple[DaxCluster, int]:
        cluster = self.clusters.ready(request["ClusterName"])
        wanted = in_range("NewReplicationFactor", request["NewReplicationFactor"], 1, MOST_NODES)
        if (wanted - len(cluster.nodes)) * sign <= 0:
            more = "more" if sign > 0 else "fewer"
            raise bad_value(
                f"NewReplicationFactor must be {more} than the {len(cluster.nodes)} nodes there are."
            )
        return cluster, wanted

    def RebootNode(self, request: Answer) -> Answer:
        """Restart a node: its caches are empty, and it takes the TTLs that its group has now."""
        cluster = self.clusters.ready(request["ClusterName"])
        node = next((each for each in cluster.nodes if each.name == request["NodeId"]), None)
        if node is None:
            raise ServiceFault("NodeNotFoundFault", f"Node {request['NodeId']} not found.")
        node.start(self._ttls(cluster.group))
        return {"Cluster": cluster.shown()}

    # Parameter groups

    def _ttls(self, group: str) -> dict[str, int]:
        if group not in self.groups:
            raise ServiceFault("ParameterGroupNotFoundFault", f"Parameter group {group} not found.")
        return self.groups[group]

    def CreateParameterGroup(self, request: Answer) -> Answer:
        """Make a parameter group with the usual TTLs."""
        name = request["ParameterGroupName"]
        if name in self.groups:
            raise ServiceFault(
                "ParameterGroupAlreadyExistsFault", f"Parameter group {name} already exists."
            )
        self.groups[name] = dict(USUAL)
        return {"ParameterGroup": {"ParameterGroupName": name}}

    def UpdateParameterGroup(self, request: Answer) -> Answer:
        """Change TTLs; a node that runs takes them when it is rebooted."""
        name, ttls = request["ParameterGroupName"], self._ttls(request["ParameterGroupName"])
        if name == DEFAULT:
            raise bad_value(
                f"The parameter group {DEFAULT} cannot be changed; make one of your own."
            )
        for each in request["ParameterNameValues"]:
            key, value = each["ParameterName"], each["ParameterValue"]
            if key not in USUAL or not value.isdecimal():
                raise bad_value(f"{key} = {value}: give milliseconds for {' or '.join(USUAL)}.")
            ttls[key] = int(value)
        return {"ParameterGroup": {"ParameterGroupName": name}}

    def DescribeParameters(self, request: Answer) -> Answer:
        """List the parameters of a group."""
        ttls = self._ttls(request["ParameterGroupName"])
        found = [{"ParameterName": key, "ParameterValue": str(ttl)} for key, ttl in ttls.items()]
        return {"Parameters": found}

    def _lines(self, now: float) -> list[tuple[str, str, str, float]]:
        """Return the lines of the bill; each hour that has begun counts in full."""
        found = []
        for cluster in self.rented:
            for name, begin, end in cluster.rented:
                hours = int(-(-((now if end is None else end) - begin) // HOUR))
                dollars = hours * price(cluster.node_type)
                found.append((name, cluster.node_type, f"{hours} h", dollars))
        return found
