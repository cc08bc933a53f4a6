"""Slots move, one after the other, while clients go on: what `redis-cli --cluster reshard` does.

For each slot: SETSLOT at both ends, then GETKEYSINSLOT and MIGRATE until no key is left, then SETSLOT NODE
at every primary. MIGRATE moves a batch of keys, and the source does nothing else until the target has them.

SIMPLIFIED: SETSLOT and GETKEYSINSLOT take a round trip, but no time of a worker. Commands that wait at the
source when a MIGRATE begins are served while the target works, not after it.
"""

import math
from collections.abc import Iterable, Iterator
from typing import Any

from cachesim.engines.redis.moving import living, move_key
from cachesim.errors import CacheError
from cachesim.model.events import Steps, Visit
from cachesim.model.fleet.slot_table import Passage
from cachesim.rng import stream

BEFORE = 2  # commands that open a slot: IMPORTING at the target, MIGRATING at the source
AGAIN = 1.0  # seconds until an operator tries again what failed


class Operator:
    """The one who moves slots, one at a time: what is asked for later waits."""

    def __init__(self, system: Any) -> None:
        self.system = system
        self._last: Visit | None = None  # fires when the last one in the line is done
        of = system.blueprint
        self._legs = of.network.cache_leg.draws(stream(of.seed, "reshard network"))
        self._services = of.node.service.draws(stream(of.seed, "reshard service"))
        self._per_byte = of.node.per_byte

    def in_turn(self, work: Steps) -> Steps:
        """Do some work when all that was asked for before is done."""
        before, mine = self._last, Visit().ready(self.system.env)
        self._last = mine
        if before is not None and not before.fired:
            yield before
        yield from work
        mine.fire()

    def move(self, slots: Iterable[int], target: int, batch: int, pause: float) -> Steps:
        """Move slots to a shard, one after the other, with a pause after each; none later than the run lasts."""
        for slot in slots:
            if self._is_over():
                return
            if self.system.table.owners[slot] != target:
                yield from self._move(slot, target, batch)
                yield self._after(pause)

    def _is_over(self) -> bool:
        return bool(self.system.env._now >= self.system.blueprint.duration)

    def _move(self, slot: int, target: int, batch: int) -> Steps:
        table, primaries = self.system.table, len(self.system.present())
        yield self._after(self._trips(BEFORE))
        passage = table.passages[slot] = Passage(table.owners[slot], target)
        while not self._is_over():
            yield from self._until_both_work(passage)
            yield self._after(self._trips(1))
            keys = self._keys_left(slot, passage)[:batch]
            if keys:
                yield from self._migrate(keys, passage)
                continue
            yield self._after(self._trips(primaries))
            if self._both_work(passage) and not self._keys_left(slot, passage):
                self.system.hand_over(slot, passage)
                return

    def _keys_left(self, slot: int, passage: Passage) -> list[str]:
        """Name the keys of a slot that are still at the source; those that are dead stay and expire."""
        engine = self.system.primary(passage.source).engine
        return [key for key in self.system.table.keys[slot] if living(engine, key)]

    def _migrate(self, keys: list[str], passage: Passage) -> Steps:
        """Move a batch of keys: both ends work for it, and the source waits for the target."""
        source, target = self._ends(passage)
        seconds = next(self._services) + self._per_byte * sum(map(source.engine.held_bytes, keys))
        way = next(self._legs) / 2
        yield self._at(source.depart(self._now(), seconds + way))
        if self._both_work(passage):
            done = target.depart(self._now(), seconds) + way
            source.depart(self._now(), done - self._now())
            yield self._at(done)
            if (source, target) == self._ends(passage) and self._both_work(passage):
                yield from self._moved(keys, passage)
                return
        yield self._after(AGAIN)

    def _moved(self, keys: list[str], passage: Passage) -> Steps:
        source, target = self._ends(passage)
        for key in keys:
            try:
                move_key(key, source.engine, target.engine)
            except CacheError:  # no room at the target, or too few replicas
                yield self._after(AGAIN)
                return
            passage.moved_away(key)

    # --- both ends

    def _ends(self, passage: Passage) -> tuple[Any, Any]:
        return self.system.primary(passage.source), self.system.primary(passage.target)

    def _both_work(self, passage: Passage) -> bool:
        return not any(node.is_silent or node.engine.is_replica for node in self._ends(passage))

    def _until_both_work(self, passage: Passage) -> Steps:
        while not self._both_work(passage) and not self._is_over():
            yield self._after(AGAIN)

    # --- time

    def _now(self) -> float:
        return float(self.system.env._now)

    def _after(self, seconds: float) -> Visit:
        return self._at(self._now() + seconds)

    def _at(self, moment: float) -> Visit:
        """Wait until a moment; of a node that stands still nobody knows it: then look again later."""
        if moment == math.inf:
            moment = self._now() + AGAIN
        wait: Visit = self.system.until(moment)
        return wait

    def _trips(self, count: int) -> float:
        """Draw how long some commands take that do no work worth counting: the way there and back each."""
        ways: Iterator[float] = (next(self._legs) for _ in range(count))
        return sum(ways)
