"""The radix tree under a stream, and the listpacks in it."""

from random import Random

from cachesim.engines.redis.listpack import packed
from cachesim.engines.redis.rax import RadixShape, RadixTree
from cachesim.engines.redis.rdb_reader import in_listpack


def test_the_tree_is_the_one_of_its_keys():
    """Ids that come and go leave the tree that the ids alone would make; an emptied root keeps 32 bytes."""
    draw, tree = Random(5), RadixTree(16)
    there = set()
    for _ in range(3000):
        id = draw.randrange(1 << draw.choice([4, 20, 70, 127]))
        if id not in tree:
            tree.put(id, id)
            there.add(id)
        for other in draw.sample(sorted(there), min(len(there), draw.randrange(3))):
            assert other == tree.drop(other)
            there.remove(other)
    fresh = RadixShape(16)
    for id in draw.sample(sorted(there), len(there)):
        fresh.add(id.to_bytes(16, "big"))

    assert sorted(there) == list(tree)
    assert (fresh.nodes, fresh.bytes) == (tree.nodes, tree.bytes)
    for id in there:
        tree.drop(id)
    assert (1, 32 + 32) == (tree.nodes, tree.bytes)


def test_a_listpack_comes_back():
    """Every form of a number and of a text, and the lengths behind them."""
    numbers = [
        sign * (1 << bits) + add for bits in range(63) for sign in (1, -1) for add in (-1, 0)
    ]
    elements = [b"%d" % number for number in numbers]
    elements += [
        b"x" * size for size in (0, 63, 64, 125, 126, 4095, 4096, 16_380, 20_000, 2_100_000)
    ]

    assert elements == in_listpack(packed(elements))
