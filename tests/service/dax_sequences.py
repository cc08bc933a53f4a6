"""Random sequences of DAX calls: clusters come, grow and go, and no read is older than its TTL allows.

`test_dynamo_sequences.py` plays some through boto3; `python -m tests.service.dax_sequences 10000` plays many at the
desk.
"""

import sys

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from cachesim.experiments.cloud import Cloud
from cachesim.service.faults import ServiceFault
from tests.service.dynamo_calls import TABLE
from tests.service.dynamo_expected import FORM, key_of
from tests.service.sequences import ThroughClient, play
from tests.service.test_dax import CLUSTER

STATES = {"creating", "available", "modifying", "deleting"}
LATER = 0.3  # seconds until the last copy of a table and the last node have a write, and more
HOUR = 3600
NAMES, GROUPS = st.sampled_from(["fast", "fast", "near"]), st.sampled_from(["brief", None])
NODE = st.integers(0, 1)
PLACES = [("p", 1), ("p", 10)]
PLACE = st.sampled_from(PLACES)


class DaxSequences(RuleBasedStateMachine):
    """A desk whose operations are called in a random order, in front of a table."""

    def __init__(self):
        super().__init__()
        self.cloud = Cloud(seed=1)
        self.desk, self.table = self.cloud.desk("dax"), self.cloud.desk("dynamodb")
        self.sizes = {}  # clusters that were made and not deleted -> nodes
        self.gone = {}  # name of what was deleted -> second at which it must be gone
        self.log = [(0.0, {})]  # second, items from then on: numbers by their keys

    def call(self, operation, **request):
        """Call an operation; return its answer, or None if it was refused."""
        try:
            return getattr(self.desk, operation)(request)
        except ServiceFault:
            return None

    @property
    def now(self):
        """The second of the calendar."""
        return self.cloud.account.calendar.now

    @property
    def items(self):
        """What the table has now."""
        return self.log[-1][1]

    # Clusters

    @initialize(nodes=st.integers(1, 3), group=GROUPS)
    def begin(self, nodes, group):
        """Begin with a table, and a cluster in front of it."""
        self.table.CreateTable(TABLE)
        self.call("CreateParameterGroup", ParameterGroupName="brief")
        self.limit("record", 60_000)
        self.create("fast", nodes, group)
        self.cloud.advance(20)

    @rule(name=NAMES, nodes=st.integers(1, 3), group=GROUPS)
    def create(self, name, nodes, group):
        """Create a cluster."""
        chosen = {"ParameterGroupName": group} if group else {}
        asked = {**CLUSTER, "ClusterName": name, "ReplicationFactor": nodes, **chosen}
        if self.call("CreateCluster", **asked):
            self.sizes[name] = nodes
            self.gone.pop(name, None)

    @rule(name=st.sampled_from(["fast", "near", "near", "near"]))
    def delete(self, name):
        """Delete a cluster."""
        if self.call("DeleteCluster", ClusterName=name):
            del self.sizes[name]
            self.gone[name] = self.now + HOUR

    @rule(name=NAMES, way=st.sampled_from(["Increase", "Decrease"]), nodes=st.integers(1, 4))
    def resize(self, name, way, nodes):
        """Add or remove nodes."""
        if self.call(f"{way}ReplicationFactor", ClusterName=name, NewReplicationFactor=nodes):
            assert (nodes > self.sizes[name]) == (way == "Increase")
            self.sizes[name] = nodes

    @rule(name=NAMES, node=st.sampled_from("abc"))
    def reboot(self, name, node):
        """Restart a node."""
        self.call("RebootNode", ClusterName=name, NodeId=f"{name}-{node}")

    @rule(kind=st.sampled_from(["record", "query"]), ttl=st.sampled_from([0, 2000, 60_000]))
    def limit(self, kind, ttl):
        """Change a TTL, for nodes that start."""
        given = {"ParameterName": f"{kind}-ttl-millis", "ParameterValue": f"{ttl}"}
        self.call("UpdateParameterGroup", ParameterGroupName="brief", ParameterNameValues=[given])

    # Items

    def front(self, name, number):
        """Return a node's front; None where there is none."""
        try:
            return self.desk.front(name, number)
        except ServiceFault:
            return None

    @rule(name=st.sampled_from(["fast", "fast", "near", ""]), number=NODE, place=PLACE, form=FORM)
    def put(self, name, number, place, form):
        """Put an item through a node, or round it; then the node has it."""
        front = self.front(name, number) if name else self.table
        if front:
            value = len(self.log)
            item = {**key_of(place, form), "v": {"N": f"{value}"}}
            front.PutItem({"TableName": "shop", "Item": item})
            self.written(front, place, {**self.items, place: value})

    @rule(name=NAMES, number=NODE, place=PLACE, form=FORM)
    def add(self, name, number, place, form):
        """Change an item through a node: what it has then is not what it was asked for."""
        if front := self.front(name, number):
            value = self.items.get(place, 0) + 1
            asked = {
                "TableName": "shop",
                "Key": key_of(place, form),
                "UpdateExpression": "ADD v :one",
            }
            front.UpdateItem({**asked, "ExpressionAttributeValues": {":one": {"N": "1"}}})
            self.written(front, place, {**self.items, place: value})

    @rule(name=NAMES, number=NODE, place=PLACE, form=FORM)
    def drop(self, name, number, place, form):
        """Delete an item through a node: it knows that there is none."""
        if front := self.front(name, number):
            front.DeleteItem({"TableName": "shop", "Key": key_of(place, form)})
            self.written(front, place, {k: v for k, v in self.items.items() if k != place})

    def written(self, front, place, items):
        """Note what the table has; the node through which it came has it at once, and for nothing."""
        self.log.append((self.now, items))
        if front is not self.table:
            used = self.used
            found = front.GetItem({"TableName": "shop", "Key": key_of(place)})
            assert items.get(place) == value_of(found.get("Item"))
            assert used == self.used

    @property
    def used(self):
        """Units of reads, so far."""
        return self.table.tables.find("shop").capacity["read"].used

    @rule(name=NAMES, number=NODE, place=PLACE, form=FORM, strong=st.booleans())
    def read(self, name, number, place, form, strong):
        """Read an item through a node."""
        asked = {"TableName": "shop", "Key": key_of(place, form), "ConsistentRead": strong}
        found = self.answered("GetItem", name, number, asked, strong)
        if found is not None:
            value = value_of(found.get("Item"))
            assert value in self.allowed(
                name, number, "item", strong, lambda items: items.get(place)
            )

    @rule(name=NAMES, number=NODE, strong=st.booleans())
    def query(self, name, number, strong):
        """Ask a query through a node."""
        asked = {"TableName": "shop", "KeyConditionExpression": "id = :p", "ConsistentRead": strong}
        asked |= {"ExpressionAttributeValues": {":p": {"S": "p"}}}
        found = self.answered("Query", name, number, asked, strong)
        if found is not None:
            assert placed(found["Items"]) in self.allowed(
                name, number, "query", strong, in_partition
            )

    def answered(self, operation, name, number, asked, strong):
        """Let a node answer: from its cache for nothing, or with a read of the table."""
        if (front := self.front(name, number)) is None:
            return None
        node, used = front.node, self.used
        hits, misses = node.hits, node.misses
        found = getattr(front, operation)(asked)
        passes = strong or (operation == "Query" and not node.query_ttl)
        assert passes == (hits + misses == node.hits + node.misses)
        assert (self.used == used) == (node.hits > hits)
        return found

    def allowed(self, name, number, kind, strong, part):
        """Return the values that a part of the table had within a TTL, or the one that it has now."""
        if strong:
            return [part(self.items)]
        node = self.front(name, number).node
        since = self.now - LATER - getattr(node, f"{kind}_ttl")
        begins = [*(when for when, _ in self.log[1:]), float("inf")]
        return [
            part(items) for (_, items), ends in zip(self.log, begins, strict=True) if ends >= since
        ]

    @rule(name=NAMES, number=NODE)
    def read_batch(self, name, number):
        """Read all items through a node."""
        if front := self.front(name, number):
            keys = {"Keys": [*map(key_of, PLACES)]}
            answer = front.BatchGetItem({"RequestItems": {"shop": keys}})
            found = dict(placed(answer["Responses"]["shop"]))
            for place in PLACES:
                assert found.get(place) in self.allowed(name, number, "item", False, one(place))

    @rule(minutes=st.sampled_from([0.001, 0.02, 1.5, 6, 20]))
    def wait(self, minutes):
        """Let time pass."""
        self.cloud.advance(minutes)

    # What always holds

    @invariant()
    def states_are_legal(self):
        """Every state is one that AWS has, and clusters have the nodes that they were given."""
        for each in self.desk.clusters:
            assert each.status in STATES
            assert self.sizes.get(each.id, 0) == len(each.nodes)
            assert {node.status for node in each.nodes} <= {"creating", "available"}

    @invariant()
    def what_runs_is_what_is_billed(self):
        """The nodes that are available, and no others."""
        running = [
            node.name
            for each in self.desk.clusters
            for node in each.nodes
            if node.status == "available"
        ]
        billed = [node for each in self.desk.rented for node, _, end in each.rented if end is None]
        assert sorted(running) == sorted(billed)

    @invariant()
    def what_was_deleted_is_gone(self):
        """An hour later nobody finds it."""
        for name, when in self.gone.items():
            assert self.now < when or name not in self.desk.clusters

    def teardown(self):
        """An hour later nothing is busy any more."""
        self.cloud.advance(60)
        assert {"available"} >= {each.status for each in self.desk.clusters}


def value_of(item):
    """Return the number in an item; None: there is no item."""
    return None if item is None else int(item["v"]["N"])


def placed(items):
    """Return the keys and the numbers of items, in order."""
    return sorted(((each["id"]["S"], int(each["n"]["N"])), value_of(each)) for each in items)


def one(place):
    """Return the function that gives the number of an item, or None."""
    return lambda items: items.get(place)


def in_partition(items):
    """Return the items that a query of the partition finds."""
    return sorted(each for each in items.items() if each[0][0] == "p")


class DaxSequencesOfClient(ThroughClient, DaxSequences):
    """The clusters through a client; their nodes have a protocol of their own."""

    service = "dax"


if __name__ == "__main__":
    play(DaxSequences, int(sys.argv[1]))
    print(f"{sys.argv[1]} sequences: all in order")
