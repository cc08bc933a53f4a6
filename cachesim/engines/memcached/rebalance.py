"""The page mover: takes the oldest page from one class, after carrying its items elsewhere, and gives it to another.

An item of that page is copied to a free chunk of its class, and counts as newly stored; without a free
chunk it is lost.
"""

from typing import TYPE_CHECKING

from cachesim.engines.base import EVICTED, EXPIRED
from cachesim.engines.memcached.automove import POOL
from cachesim.engines.memcached.items import ChainedItem, Item
from cachesim.engines.memcached.slabs import PAGE, SlabClass

if TYPE_CHECKING:
    from cachesim.engines.memcached.engine import MemcachedEngine

OK = "OK"
BAD_CLASS = "BADCLASS invalid src or dst class id"
NO_SPARE = "NOSPARE source class has no spare pages"
SAME = "SAME src and dst class are identical"
ANY = -1  # "whichever class has a page to spare"


class Mover:
    """Moves pages between the classes of one engine, and counts what that did.

    SIMPLIFIED: a move takes no time; the server's mover thread does it while commands run.

    References
    ----------
    memcached 1.6: slabs.c, do_slabs_reassign, slab_rebalance_move, slab_rebalance_finish.
    """

    def __init__(self, engine: "MemcachedEngine") -> None:
        self.engine = engine
        self.last_picked = 0  # the class that ANY chose last
        self.reset()

    def reset(self) -> None:
        """Forget what was counted."""
        self.moved = self.rescued = self.pieces_rescued = self.lost = self.reclaimed = 0

    def reassign(self, source: int, target: int) -> str:
        """Move a page between two classes, given by number (0: the pool); return the server's answer."""
        classes = self.engine.slabs.classes
        if source == target:
            return SAME
        if source == ANY:
            source = self._pick(target)
        if not (POOL <= source <= len(classes) and POOL <= target <= len(classes)):
            return BAD_CLASS
        pages = classes[source - 1].pages if source else self.engine.slabs.pool
        if len(pages) < 2:
            return NO_SPARE
        page = pages[0] if source == POOL else self._clear_first_page(classes[source - 1])
        pages.remove(page)
        self._give(page, target)
        self.moved += 1
        return OK

    def _pick(self, target: int) -> int:
        """Return the next class in turn that has two pages (slabs.c, slabs_reassign_pick_any)."""
        classes = self.engine.slabs.classes
        for step in range(len(classes)):
            number = (self.last_picked + step) % len(classes) + 1
            if number != target and len(classes[number - 1].pages) > 1:
                self.last_picked = number
                return number
        return ANY

    def _give(self, page: int, target: int) -> None:
        slabs = self.engine.slabs
        if target == POOL:
            slabs.pool.append(page)
            slabs.release()
        else:
            slabs.classes[target - 1].add_page(page)
        self.engine.memory = slabs.memory

    def _clear_first_page(self, slab: SlabClass) -> int:
        """Empty the oldest page of a class, chunk by chunk; return its address."""
        self.engine.settle_bumps()  # hits that wait hold on to their items
        page = slab.pages[0]
        inside = range(page, page + PAGE)
        for chunk, item in sorted(self._residents(slab, inside), key=lambda x: x[0]):
            if self.engine.items.get(item.key) is item:
                self._carry(item, slab, chunk, inside)
        slab.free[:] = [chunk for chunk in slab.free if chunk not in inside]
        return page

    def _residents(self, slab: SlabClass, inside: range) -> list[tuple[int, Item]]:
        """Return (address, item) for every chunk of the page that holds an item or a part of one."""
        return [
            (chunk, item)
            for item in self.engine.items.values()
            for owner, chunk in item.chunks()
            if owner is slab and chunk in inside
        ]

    def _carry(self, item: Item, slab: SlabClass, chunk: int, inside: range) -> None:
        """Take one item, or one piece of a chained one, out of the page."""
        engine = self.engine
        place = None if engine.settings.is_dead(item, engine.now) else self._spare(slab, inside)
        if place is not None:
            self._rehouse(item, slab, chunk, place)
            return
        if engine.settings.is_dead(item, engine.now):
            engine.drop(item, EXPIRED)
        else:
            self.lost += 1
            engine.drop(item, EVICTED, counted=False)
        if not isinstance(item, ChainedItem):
            slab.free.pop()  # not for others: the chunk goes with the page

    def _spare(self, slab: SlabClass, inside: range) -> int | None:
        """Return a free chunk outside the page (slabs.c, slab_rebalance_alloc)."""
        while slab.free:
            chunk = slab.free.pop()
            if chunk not in inside:
                return chunk
            self.reclaimed += 1
        return None

    def _rehouse(self, item: Item, slab: SlabClass, chunk: int, place: int) -> None:
        """Copy an item, which makes it new, or one piece of it, which does not."""
        if isinstance(item, ChainedItem):
            piece = item.pieces.index((slab, chunk))
            item.pieces[piece] = (slab, place)
            if piece:
                self.pieces_rescued += 1
                return
        item.chunk = place
        self.rescued += 1
        self.engine.relink(item)
