"""The slots of a cluster as they move: the owner of each, now and before, and those on their way."""

from collections import defaultdict
from collections.abc import Sequence

from cachesim.engines.redis.slots import slot_of
from cachesim.model.fleet.topology import Found, Places
from cachesim.model.routes import as_bytes


class Passage:
    """A slot on its way: MIGRATING at the source, IMPORTING at the target."""

    def __init__(self, source: int, target: int) -> None:
        self.source, self.target = source, target  # shards
        self.away: set[str] = set()  # keys that moved, or that the source sent clients away for
        self.moved = 0  # keys, so far

    def moved_away(self, key: str) -> None:
        """Note that a key has moved."""
        self.away.add(key)
        self.moved += 1


class SlotTable:
    """Which shard owns each slot, in the present state and in each earlier one.

    A state costs the memory of one move, not of 16,384 owners.

    >>> table = SlotTable([0] * 16_384)
    >>> before, slot = table.state(), table.slots["user:1"]
    >>> table.give(slot, 1)
    >>> before["user:1"], table.state()["user:1"], table.keys[slot]
    (0, 1, ['user:1'])
    """

    def __init__(self, owners: Sequence[int]) -> None:
        self.owners = list(owners)  # slot -> its shard now
        self.passages: dict[int, Passage] = {}  # slot -> its way, if it is on its way
        self.keys: defaultdict[int, list[str]] = defaultdict(list)  # slot -> keys ever looked for
        self.slots = Found(self._slot)  # key -> its slot
        self._former: dict[int, list[tuple[int, int]]] = defaultdict(list)  # slot -> (until, shard)
        self._states = 0

    def _slot(self, key: str) -> int:
        slot = slot_of(as_bytes(key))
        self.keys[slot].append(key)
        return slot

    def give(self, slot: int, shard: int) -> None:
        """Make a shard the owner of a slot: a new state begins."""
        self._former[slot].append((self._states, self.owners[slot]))
        self.owners[slot] = shard
        self._states += 1

    def state(self) -> Places:
        """Make the table of the present state, which no later move changes: key -> shard."""
        number = self._states
        return Places(lambda key: self._owner(self.slots[key], number))

    def _owner(self, slot: int, state: int) -> int:
        for until, shard in self._former.get(slot, ()):
            if state <= until:
                return shard
        return self.owners[slot]

    def of(self, shard: int) -> list[int]:
        """Give the slots that a shard owns."""
        return [slot for slot, owner in enumerate(self.owners) if owner == shard]

    def holder(self, key: str) -> int:
        """Find the shard that has a key, or would take it: of a slot on its way it is one of two."""
        slot = self.slots[key]
        passage = self.passages.get(slot)
        if passage is not None and key in passage.away:
            return passage.target
        return self.owners[slot]
