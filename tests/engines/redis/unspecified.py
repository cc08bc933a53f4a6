"""Commands whose reply a real server leaves to chance: two servers need not agree on them."""

from cachesim.engines.redis.set_value import Set
from cachesim.engines.redis.zset_value import SortedSet


def is_lexical(command):
    """True for a range by members."""
    return any("LEX" in str(part).upper() for part in command)


def is_unspecified(embedded, command):
    """True where the reply depends on chance.

    A range by members in a set whose scores differ: in a skip list it depends on the nodes' levels,
    which the server draws (t_zset.c: zslFirstInLexRange). SORT of a hash table: elements that are
    equal to BY stay in its order.
    """
    words = [str(part).upper() for part in command]
    held = [embedded.table.entries.get(str(part)) for part in command[1:3]]
    values = [entry.value for entry in held if entry is not None]
    if words[0] in ("SORT", "SORT_RO"):
        is_table = any(
            (isinstance(value, Set) and value.table) or isinstance(value, SortedSet)
            for value in values[:1]
        )
        return is_table and "BY" in words
    return is_lexical(command) and any(
        isinstance(value, SortedSet) and len({*value.scores.values()}) > 1 for value in values
    )
