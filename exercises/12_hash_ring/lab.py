# %% [markdown] id="question"
# # 12 · A hash ring
#
# Some nodes of Memcached keep the keys, and each client decides which node it asks. **Who misses when a node joins?** With `hash(key) % number of nodes` nearly every key gets
# another node, so nearly every read misses. On a *hash ring* only the new node's share moves: 1 key in n + 1.
#
# Nodes and keys are points on a ring of 2³² places. First write `point(text)`: the first four bytes of the MD5 of the text, as a big-endian number. A client in Java must find
# the same place, and so must this program tomorrow. (Python's `hash` differs from process to process.)
#
# Then write `place(keys, nodes)`: for a list of keys and a list of names of nodes, the list of the nodes that keep the keys. The rules:
#
# - if a node joins, keys move to the new node only, and about one in n + 1 does;
# - if any node leaves, only its own keys move;
# - the order of the list of nodes does not matter;
# - no node keeps more than 1.6 times its even share. One point per node is too uneven for that: give each node a hundred or more.
#
# Ours took 8 lines.

# %% id="imports"
import bisect
import hashlib


# %% id="point"
def point(text):
    """Return the place of a text on the ring, from 0 to 2 ** 32 - 1."""
    # BEGIN SOLUTION
    return int.from_bytes(hashlib.md5(text.encode()).digest()[:4], "big")
    # END SOLUTION


# %% id="place"
def place(keys, nodes):
    """Return the node of each key, in the order of the keys."""
    # BEGIN SOLUTION
    ring = sorted((point(f"{node}-{number}"), node) for node in nodes for number in range(160))
    places = [where for where, _ in ring]
    found = []
    for key in keys:
        after = bisect.bisect_left(places, point(key))
        found.append(ring[after % len(ring)][1])
    return found
    # END SOLUTION


# %% id="parameters" tags=["parameters"]
def parameters(random):
    """Draw the parameters of one student."""
    return {"nodes": random(6, 9), "pool": random(1, 99), "keys": random(1800, 2400)}


# %% id="helpers" tags=["helpers"]
MOST = 1.6  # times the even share
LATE = "late:4267840"  # its point is nearly the last of the ring


def keys_of(params):
    """Return your keys."""
    return [LATE, *(f"user:{params['pool']}:{number}" for number in range(params["keys"]))]


def nodes_of(params, pool=0):
    """Return the names of your nodes; another `pool` has other names."""
    return [f"10.{pool}.{params['pool']}.{number + 1}:11211" for number in range(params["nodes"])]


def placed(lab, nodes):
    """Return the node of each of your keys."""
    keys = keys_of(lab.params)
    found = lab.call("place", keys, nodes)
    assert type(found) is list and len(found) == len(keys), (
        f"place returned {found!r:.60} for {len(keys)} keys; right: a list with one node per key"
    )
    strange = next((node for node in found if node not in nodes), None)
    assert strange is None, f"place named {strange!r:.40}, which is none of the nodes"
    return found


def moved(before, after):
    """Return the pairs (node before, node after) of the keys that moved."""
    return [pair for pair in zip(before, after) if pair[0] != pair[1]]


# %% id="visible" tags=["visible"]
def test_a_point_of_the_ring(lab):
    found = lab.call("point", "user:1")
    assert found == 3182550288, f"point('user:1') is {found!r:.40}; right: 3182550288"


def test_every_key_has_a_node(lab):
    assert len(set(placed(lab, nodes_of(lab.params)))) > 1, "all keys are at one node"


def test_the_shares_are_even(lab):
    count = lab.params["nodes"]
    for pool in range(3):
        found = placed(lab, nodes_of(lab.params, pool))
        times = count * max(map(found.count, set(found))) / len(found)
        assert times <= MOST, (
            f"one of {count} nodes keeps {times:.2f} times its even share; allowed: {MOST}"
        )


# %% id="hidden" tags=["hidden"]
def test_a_node_joins(lab):
    for pool in range(3):
        *nodes, new = nodes_of({**lab.params, "nodes": lab.params["nodes"] + 1}, pool)
        pairs = moved(placed(lab, nodes), placed(lab, [*nodes, new]))
        others = [pair for pair in pairs if pair[1] != new]
        assert not others, (
            f"{new} joins, and {len(others)} keys move to other nodes, one from {others[0][0]} to {others[0][1]}; right: none"
        )
        times = (len(nodes) + 1) * len(pairs) / lab.params["keys"]
        assert 0.4 <= times <= MOST, (
            f"{len(pairs)} of {lab.params['keys']} keys move to the new node; right: about one in {len(nodes) + 1}"
        )


def test_a_node_leaves(lab):
    nodes = nodes_of(lab.params)
    before = placed(lab, nodes)
    for gone in (nodes[0], nodes[2], nodes[-1]):
        pairs = moved(before, placed(lab, [node for node in nodes if node != gone]))
        others = [pair for pair in pairs if pair[0] != gone]
        assert not others, f"{gone} leaves, and {len(others)} keys of other nodes move; right: none"


def test_the_order_does_not_matter(lab):
    nodes = nodes_of(lab.params)
    pairs = moved(placed(lab, nodes), placed(lab, mixed(nodes, lab.seed)))
    assert not pairs, f"the nodes came in another order, and {len(pairs)} keys moved; right: none"


def test_other_points_of_the_ring(lab):
    for text in texts(lab.seed):
        found, right = lab.call("point", text), right_point(text)
        assert found == right, f"point({text!r}) is {found!r:.40}; right: {right}"
