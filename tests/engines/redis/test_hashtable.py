"""The table: growth and shrinking, chains, and drawing from it."""

from itertools import cycle

from cachesim.engines.redis.hashtable import DictEntry, HashTable, key_hash
from cachesim.rng import uniform


def entry(key: str, bucket: int) -> DictEntry:
    new = DictEntry()
    new.key, new.hash = key, bucket
    return new


def build(*buckets: int, random=lambda: 0.0, may_grow=True) -> HashTable[DictEntry]:
    made: HashTable[DictEntry] = HashTable(random, lambda _: may_grow, charges.append)
    charges.clear()
    for number, bucket in enumerate(buckets):
        made.add(entry(f"k{number}", bucket))
    return made


charges: list[int] = []


def keys(entries: list[DictEntry]) -> list[str]:
    return [each.key for each in entries]


def test_a_table_doubles_when_it_is_full():
    """Four keys fill the first table; the fifth needs eight buckets."""
    table = build(0, 1, 2, 3)

    assert 32 == table.table_bytes == sum(charges)

    table.add(entry("k4", 4))

    assert 64 + 32 == table.table_bytes == sum(charges)  # both, while the keys move


def test_the_old_table_is_freed_when_its_keys_have_moved():
    """Each new key moves two buckets; the cron moves the rest."""
    table = build(*range(7))  # two keys after the growth move the four buckets

    assert 64 == table.table_bytes == sum(charges)

    table = build(*range(5))
    table.tidy()

    assert 64 == table.table_bytes == sum(charges)


def test_a_full_table_waits_for_memory_until_its_load_is_too_high():
    """Without memory for a larger table chains grow until there are 1.618 keys a bucket."""
    table = build(*range(7), may_grow=False)

    assert 32 == table.table_bytes

    table.add(entry("k7", 7))

    assert 64 + 32 == table.table_bytes


def test_a_table_nearly_empty_shrinks():
    """The cron shrinks a table that is less than 10 % full."""
    table = build(*range(64))
    table.tidy()
    for each in list(table.entries.values())[6:]:
        table.remove(each)
    table.tidy()

    assert 8 * 8 == table.table_bytes == sum(charges)
    assert keys(table.some(6)) == [f"k{n}" for n in range(6)]


def test_any_entry_of_a_chain_can_be_removed():
    """Head, middle and tail leave, the others stay."""
    for gone in range(3):
        table = build(1, 1, 1)
        table.remove(table.entries[f"k{gone}"])

        assert [f"k{n}" for n in (2, 1, 0) if n != gone] == keys(table.bucket(1))


def test_sampling_takes_consecutive_buckets():
    """From the bucket drawn on, along the chains, around the end."""
    table = build(6, 7, 0, 0, 2, 4, 5, random=lambda: 0.75)
    table.tidy()

    assert ["k0", "k1", "k3", "k2", "k4"] == keys(table.some(5))


def test_sampling_returns_at_most_what_is_there():
    """An empty table gives nothing; a small one each key once."""
    assert [] == build().some(5)
    assert ["k0", "k1"] == keys(build(0, 3).some(5))


def test_sampling_jumps_over_a_desert():
    """After more than five empty buckets the walk goes on elsewhere, one beyond the bucket drawn."""
    draws = cycle([0.0, 0.5])
    table = build(*range(64), random=lambda: next(draws))
    table.tidy()
    for each in list(table.entries.values()):
        if each.key not in ("k20", "k33", "k34", "k35", "k36", "k37"):
            table.remove(each)

    assert ["k33", "k34", "k35", "k36", "k37"] == keys(table.some(5))


def test_one_draw_takes_a_filled_bucket_then_a_place_in_its_chain():
    """Empty buckets are drawn again."""
    draws = iter([0.0, 0.25, 0.9])
    table = build(1, 1, 3, random=lambda: next(draws))

    assert "k0" == table.any().key  # the last of the chain k1 -> k0


def test_clearing_frees_the_tables():
    """An empty table costs nothing."""
    table = build(*range(5))
    table.clear()

    assert 0 == table.table_bytes == sum(charges)
    assert [] == table.some(5)


def test_numbered_keys_spread_like_random_ones():
    """Of 4096 buckets and as many keys 1/e stay empty (within 5 %, 6 standard deviations)."""
    buckets = {key_hash(b"user:%06d" % n, seed=7) & 4095 for n in range(4096)}

    assert abs((4096 - len(buckets)) / 4096 - 0.3679) < 0.05 * 0.3679 * 1.6


def test_every_key_is_drawn():
    """Each of 100 keys turns up in 2000 samples of five."""
    table: HashTable[DictEntry] = HashTable(uniform(1, "dict"), lambda _: True, charges.append)
    for number in range(100):
        table.add(entry(f"k{number}", key_hash(b"%d" % number, seed=3)))
    drawn = {each.key for _ in range(2000) for each in table.some(5)}

    assert 100 == len(drawn)
